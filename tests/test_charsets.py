"""Bytes to characters: declared, undeclared, declared wrongly, and encoded twice.

Pages of our own writing in the encodings that the web still has.
"""

import pytest

from pipeline.readers.charset import decode

GERMAN = "Die Städte Köln und Barcelona schließen eine Partnerschaft – „für die Jugend“, 25 €."
FRENCH = "Le maire a signé l’accord de jumelage à Besançon ; où, déjà, l’été dernier."
POLISH = "Gdańsk i Łódź podpisały umowę o współpracy między szkołami, powiedział burmistrz."
RUSSIAN = "Мэр города подписал соглашение о сотрудничестве с городом-побратимом в Индонезии."
CHINESE = "北京市与雅加达市签署友好城市协议,双方将在教育、旅游和文化方面加强合作。"
TAIWANESE = "臺北市與泗水市簽署姊妹市協議,雙方將在教育、觀光與文化方面加強合作。"
JAPANESE = "浜松市とバンドン市は友好都市協定を締結し、教育や観光の分野で協力する。"
KOREAN = "서울시와 자카르타시는 자매도시 협정을 체결하고 교육과 관광 분야에서 협력한다."
TURKISH = "İzmir ile Surabaya kardeş şehir anlaşması imzaladı; öğrenci değişimi başlıyor."
THAI = "กรุงเทพมหานครและจาการ์ตาลงนามความตกลงเมืองพี่เมืองน้องด้านการศึกษา"
INDONESIAN = "Wali kota menandatangani nota kesepahaman “kota kembar” – pendidikan dan café."


def page(text: str, declared: str | None = None) -> str:
    meta = f'<meta charset="{declared}">' if declared else ""
    body = f"<p>{text}</p>" * 6
    return (
        f"<!DOCTYPE html><html><head>{meta}<title>{text}</title></head><body>{body}</body></html>"
    )


DECLARED = [
    # text, true encoding, meta, header
    (GERMAN, "windows-1252", "windows-1252", ""),
    (GERMAN, "windows-1252", "iso-8859-1", ""),  # browsers read Latin-1 as windows-1252
    (GERMAN, "windows-1252", None, "text/html; charset=windows-1252"),
    (GERMAN, "windows-1252", None, "text/html; charset=ISO-8859-1"),
    (GERMAN, "windows-1252", "utf-8", ""),
    (GERMAN, "windows-1252", "utf-8", "text/html; charset=utf-8"),
    (FRENCH, "windows-1252", None, ""),
    (INDONESIAN, "windows-1252", "utf-8", "text/html; charset=UTF-8"),
    (POLISH, "iso-8859-2", "iso-8859-2", ""),
    (POLISH, "windows-1250", None, "text/html; charset=windows-1250"),
    (RUSSIAN, "windows-1251", "windows-1251", ""),
    (RUSSIAN, "koi8-r", None, "text/html; charset=koi8-r"),
    (RUSSIAN, "windows-1251", None, ""),
    (TURKISH, "windows-1254", "iso-8859-9", ""),
    (THAI, "cp874", "tis-620", ""),
    (CHINESE, "gb18030", "gb18030", ""),
    (CHINESE, "gb18030", "gb2312", ""),
    (CHINESE, "gbk", None, "text/html; charset=GBK"),
    (CHINESE, "gb18030", None, ""),
    (CHINESE, "gb18030", "utf-8", ""),
    (TAIWANESE, "big5", "big5", ""),
    (TAIWANESE, "big5", None, ""),
    (JAPANESE, "shift_jis", "shift_jis", ""),
    (JAPANESE, "shift_jis", None, "text/html; charset=Shift_JIS"),
    (JAPANESE, "shift_jis", None, ""),
    (JAPANESE, "shift_jis", "utf-8", ""),
    (JAPANESE, "euc-jp", "euc-jp", ""),
    (JAPANESE, "euc-jp", None, ""),
    (JAPANESE, "iso2022_jp", "iso-2022-jp", ""),
    (KOREAN, "euc-kr", "euc-kr", ""),
    (KOREAN, "euc-kr", None, "text/html; charset=euc-kr"),
    (KOREAN, "cp949", "ks_c_5601-1987", ""),
    (KOREAN, "euc-kr", None, ""),
    (KOREAN, "euc-kr", "utf-8", ""),
    # The bytes are UTF-8, whatever anyone says.
    (GERMAN, "utf-8", "iso-8859-1", ""),
    (JAPANESE, "utf-8", "shift_jis", ""),
    (CHINESE, "utf-8", None, "text/html; charset=gb2312"),
    (KOREAN, "utf-8", "euc-kr", "text/html; charset=iso-8859-1"),
    (RUSSIAN, "utf-8", None, ""),
    (GERMAN, "utf-8-sig", "windows-1252", "text/html; charset=windows-1252"),
    (CHINESE, "utf-8", "nonsense", "text/html; charset=none"),
    # Header and page in conflict: the header is believed, unless it gives gibberish.
    (RUSSIAN, "windows-1251", "iso-8859-1", "text/html; charset=windows-1251"),
    (JAPANESE, "euc-jp", "shift_jis", "text/html; charset=euc-jp"),
    (POLISH, "iso-8859-2", "utf-8", "text/html; charset=iso-8859-2"),
    # UTF-16 and UTF-32 with their marks, and UTF-16 as a header says.
    (GERMAN, "utf-16", None, ""),
    (JAPANESE, "utf-16", "utf-8", "text/html; charset=utf-8"),
    (GERMAN, "utf-16-le", None, "text/html; charset=utf-16le"),
    (GERMAN, "utf-16-be", None, "text/html; charset=utf-16be"),
    (GERMAN, "utf-16-le", "utf-16", ""),
    (GERMAN, "utf-16-le", None, ""),
    (JAPANESE, "utf-16-be", None, ""),
    (GERMAN, "utf-32", None, ""),
]


def _shown(text: str, encoding: str) -> str:
    """Return the text as far as the encoding has its characters."""
    return text.encode(encoding, "ignore").decode(encoding)


@pytest.mark.parametrize(
    ("text", "encoding", "meta", "header"),
    DECLARED,
    ids=[f"{t[:6]} {e} meta={m} header={h[19:]}" for t, e, m, h in DECLARED],
)
def test_a_page_is_read_in_its_true_encoding(
    text: str, encoding: str, meta: str | None, header: str
) -> None:
    text = _shown(text, encoding)
    body = page(text, meta).encode(encoding)
    assert text in decode(body, header)


@pytest.mark.parametrize("text", [GERMAN, FRENCH, INDONESIAN])
@pytest.mark.parametrize("declared", ["utf-8", None])
def test_text_that_was_encoded_twice_stays_as_it_was_published(
    text: str, declared: str | None
) -> None:
    """`KÃ¶ln` is what the publisher shows; nothing is guessed, and nothing is lost."""
    twice = text.encode("utf-8").decode("windows-1252", "ignore")
    assert twice in decode(page(twice, declared).encode("utf-8"), "text/html; charset=utf-8")


def test_latin_1_with_control_characters_is_windows_1252() -> None:
    body = page("Über “zwei” Städte – €", "iso-8859-1").encode("windows-1252")
    found = decode(body, "text/html; charset=iso-8859-1")
    assert "“zwei” Städte – €" in found
    assert not any("\x80" <= char <= "\x9f" for char in found)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"\xff\xfe",
        b"\xfe\xff\x00",
        b"\xef\xbb\xbf",
        b"\x00\x00\xfe\xff",
        bytes(range(256)) * 20,
        b"\x80" * 5_000,
        b"<meta charset=utf-8>" + b"\xe2\x28\xa1" * 100,
        b"<meta charset=hz-gb-2312>~{" + b"\xff" * 50,
        b"<meta charset=utf-7>+ADw-script+AD4-",
        b"<meta charset='undefined'>\xe9",
        b"<meta charset='idna'>\xe9",
        b"<meta charset='base64'>\xe9",
        b"<meta charset='unicode_escape'>\\x41\xe9",
        b"<meta charset='zlib'>\xe9",
        b"<meta charset='rot13'>\xe9",
    ],
)
@pytest.mark.parametrize(
    "header", ["", "text/html; charset=utf-16", "text/html; charset=\x00", "charset=zip_codec"]
)
def test_any_bytes_give_a_text(body: bytes, header: str) -> None:
    assert isinstance(decode(body, header), str)


def test_one_broken_byte_in_a_page_of_utf_8_stays_one_broken_character() -> None:
    body = page(JAPANESE * 10, "utf-8").encode()
    at = body.index("浜".encode()) + 1
    found = decode(body[:at] + b"\xff" + body[at + 1 :], "text/html; charset=utf-8")
    assert JAPANESE in found
    assert "\ufffd" in found

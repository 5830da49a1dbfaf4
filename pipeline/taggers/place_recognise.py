"""Whether a name of the gazetteer names a place where it stands: large places, telling words.

Values in, values out. Evidence adds up in log-odds: 0 is even, 2 is seven to one.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log10

from pipeline.gazetteer import ABBREVIATION, ALTERNATE, DEMONYM, MAIN, Place, Toponym
from pipeline.taggers.place_context import Context
from pipeline.taggers.place_cues import PlaceCues
from pipeline.taggers.place_resolve import AT_HOME, Choice, is_home_government, size_of

THRESHOLD = 0.5  # the likelier reading
EVEN = 4.6  # log10 of the population (40,000) at which a bare capitalised name is as often no place
# Log-odds of a name alone, by the kind of its likeliest referent.
KIND_PRIOR = {"country": 3.5, "province": 2.0, "area": 2.5}
SUPPORT_WEIGHT, SUPPORT_MOST = 0.3, 1.5  # each other place in the country; all of them together
# Log-odds of the words around a name.
CONTEXT_POINTS = {
    "agrees": 3.0,  # an admin word or title asks for just this kind
    "contained": 3.0,  # "X, Country"
    "contains": 2.5,  # "Town, X"
    "opens": 5.0,  # the same of a short form, which is nothing by itself
    "locative": 1.5,  # "in X": also said of months, books and moods
    "tied": 1.5,  # "a partnership with X", "the X twinning"
    "listed": 1.2,  # "X, Groningen and Tilburg"
    "kindred": 1.2,  # the text speaks of bonds between places: its other names are likelier some
    "told": 2.5,  # named so elsewhere, with a word that says place
    "dateline": 2.0,
    "street": -3.0,  # "X Road" is a street elsewhere
    "facility": -3.0,  # "X Building", "Gedung X": where it stands at most
    "enclosed": -2.0,  # "Dharma Negara Alaya": a capital on either side
    "person": -4.0,
    "organisation": -0.5,  # "University of X": still a place, less of a party
    "office": -2.5,  # "Presiden Vladimir ...": an office before a person
    "speech": -1.0,  # "X said": persons say more than places do
    "embedded": -1.5,  # a capitalised neighbour makes it part of some other name
    "opening": -0.5,  # a capital that the sentence gave it
}
HOLDER = 5.0  # log10 of the people (100,000) from which an office is a place's, also abroad
_SHORT = 3  # letters of a name that is a family name as often
LISTED = -3.5  # a common word, given name or family name
LISTED_BEHIND = -2.0  # the same behind "in" or "di", where nothing else explains its capital
IN_PERSON = "part of PERSON"  # a model's person of several words holds the name
PLACE_LABELS = frozenset({"GPE", "LOC", "NORP", "FAC"})


@dataclass(slots=True)
class Found:
    """One name of the gazetteer in a text, on its way to an annotation."""

    hit: Toponym
    name: str
    context: Context
    label: str | None  # what an entity recogniser called it
    container: str | None = None  # id of the place that the text says it lies in
    is_container: bool = False  # the text says that another place lies in it
    opens: str | None = None  # id of the state whose short form it is, behind a place in it
    is_listed: bool = False  # it stands in an enumeration beside a sure place
    is_told: bool = False  # an admin word or a container says elsewhere that this is a place
    is_kindred: bool = False  # the text joins another place to a word of a bond
    choice: Choice | None = None


def likelihood(item: Found, cues: PlaceCues, support: float) -> float:
    """Return how likely the words name a place at all, in [0, 1].

    Args:
        item: The name, its context and its referent.
        cues: Words that are capitalised for other reasons.
        support: Weight of the document's other places in the referent's country.
    """
    choice = item.choice
    place = choice.place or choice.rivals[0] if choice else None
    grade = choice.grade if choice else ALTERNATE
    points = (
        _prior(item.name, place, grade)
        + _words(item, place, cues)
        + min(SUPPORT_MOST, SUPPORT_WEIGHT * support)
    )
    word = item.name.capitalize() if item.name.isupper() else item.name
    if word in cues.not_places or word in cues.given_names:
        points += LISTED_BEHIND if _is_told(item.context) else LISTED
        points -= CONTEXT_POINTS["kindred"] * item.is_kindred  # of bonds speak laws and agendas too
    if item.label in PLACE_LABELS:
        points += 1.0
    elif item.label == IN_PERSON:
        points -= 3.5
    elif item.label == "PERSON":
        points -= 2.0  # organisations say nothing: they hold places, and many a town is called one
    return 1.0 / (1.0 + exp(-points))


def _is_told(context: Context) -> bool:
    """Tell whether the word before says place and no neighbour makes it another name."""
    return bool(context.locative) and not (context.is_embedded or context.person)


def _prior(name: str, place: Place | None, grade: int) -> float:
    if place is None:
        return -1.0
    if grade == DEMONYM:
        return (
            2.0 if not name.endswith("s") or name.endswith("ss") else -3.0
        )  # peoples, not places: "Americans"
    if grade == ABBREVIATION:
        return -4.0
    points = KIND_PRIOR.get(place.kind)
    if points is None:
        points = log10(size_of(place)) - EVEN
        if place.kind == "regency" and " " in name:
            points = max(points, 1.5)  # "Cook County": the admin word is in the name
    if grade == ALTERNATE:
        points -= 1.5
    return points + (0.8 if " " in name else 0.0)


def _is_holder(item: Found, place: Place, cues: PlaceCues) -> bool:
    """Tell whether the name after an office is its holder's: "Wakil Wali Kota Yana Mulyana"."""
    context = item.context
    at_home = item.choice is not None and AT_HOME in item.choice.evidence
    return (
        context.is_title
        and (context.is_embedded or place.kind not in context.kinds or len(item.name) <= _SHORT)
        and not at_home
        and not _is_of_office(item, place, cues)
        and (log10(size_of(place)) < HOLDER or _is_other_name(item))
        and not item.container
    )


def _is_other_name(item: Found) -> bool:
    """Tell whether a place bears a name as short as a family name beside its own: "KiM", Kosovo."""
    return item.choice is not None and len(item.name) <= _SHORT and item.choice.grade != MAIN


def _is_of_office(item: Found, place: Place, cues: PlaceCues) -> bool:
    """Tell whether a name behind an office is a government that has one: "Sekda X Nama"."""
    return item.name not in cues.given_names and is_home_government(place)


def _words(item: Found, place: Place | None, cues: PlaceCues) -> float:
    """Return the points that the words around the name give."""
    context = item.context
    agrees = place is not None and (
        (place.kind in context.kinds and not _is_holder(item, place, cues))
        or (context.official and _is_of_office(item, place, cues))
    )
    points = CONTEXT_POINTS["agrees"] * agrees
    points += CONTEXT_POINTS["contained"] * bool(item.container)
    # "at Virginia Lake": it is the lake that somebody is at
    points += CONTEXT_POINTS["locative"] * (bool(context.locative) and not context.facility)
    points += CONTEXT_POINTS["tied"] * context.tied
    points += CONTEXT_POINTS["listed"] * item.is_listed
    points += CONTEXT_POINTS["kindred"] * (item.is_kindred and not context.is_embedded)
    is_named_after = context.street or context.facility or item.label == IN_PERSON
    points += CONTEXT_POINTS["told"] * (item.is_told and not is_named_after)
    points += CONTEXT_POINTS["dateline"] * context.dateline
    points += CONTEXT_POINTS["street"] * context.street
    points += CONTEXT_POINTS["facility"] * context.facility
    if item.is_container:
        points += CONTEXT_POINTS["opens" if item.opens else "contains"]
    is_surname = place is not None and context.is_title and place.kind not in context.kinds
    if context.person or (is_surname and place is not None and _is_holder(item, place, cues)):
        return points + CONTEXT_POINTS["person"]
    if context.organisation:
        points += CONTEXT_POINTS["organisation"]
    if agrees:
        return points
    names_its_kind = place is not None and place.kind == "regency" and " " in item.name
    points += CONTEXT_POINTS["office"] * (context.is_title and not names_its_kind)
    points += CONTEXT_POINTS["speech"] * context.speech
    points += CONTEXT_POINTS["embedded"] * (context.is_embedded and not context.organisation)
    is_people = item.choice is not None and item.choice.grade == DEMONYM
    points += CONTEXT_POINTS["enclosed"] * (context.is_enclosed and not is_people)
    return points + CONTEXT_POINTS["opening"] * (context.sentence_start and not context.dateline)

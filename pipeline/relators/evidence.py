"""Evidence for every coded cell of a record: the words it rests on and how.

In: a subject and its fields. Out: `FieldEvidence` values; a field whose words cannot be found is
not given (the caller empties it), because a label needs words in the text that carry it.
"""

from __future__ import annotations

from pipeline.records import Annotation, FieldEvidence, Span
from pipeline.relators.anchor import quote_at
from pipeline.relators.parties import Actor, ActorMention
from pipeline.relators.territory import GENERAL, LEAD, OWN, SAID_ON
from pipeline.relators.traits import Subject

_COUNTRY_NEAR = (
    40  # characters after a name in which its country is said: "Leiden in the Netherlands"
)


def party_evidence(subject: Subject, actor: Actor, side: str) -> list[FieldEvidence]:
    """Return the evidence of a party's name, kind and country.

    The name is *stated* where the span shows it, a *referent* where the span is an epithet or an
    acronym. Kind is stated where a government word stands beside the name, else it comes from the
    register that knows the referent; so does a country that the text does not name.
    """
    text, party = subject.scene.view.text, actor.party
    mention = nearest_name(subject, actor)
    shown = " ".join(mention.span.of(text).split())
    basis = "stated" if party.name.casefold() in shown.casefold() else "referent"
    field = f"{side}_party" if side == "local" else side
    kind_basis = "stated" if mention.how == "admin" or actor.key.startswith("org:") else "referent"
    found = [
        FieldEvidence(field=f"{field}_name", value=party.name, span=mention.span, basis=basis),
        FieldEvidence(field=f"{field}_kind", value=party.kind, span=mention.span, basis=kind_basis),
    ]
    if party.country:
        said = _country_words(subject, mention, party.country)
        found.append(
            FieldEvidence(
                field=f"{field}_country",
                value=party.country,
                span=said or mention.span,
                basis="stated" if said or actor.is_country else "referent",
            )
        )
    return found


def nearest_name(subject: Subject, actor: Actor) -> ActorMention:
    """Return the mention of an actor's name that stands nearest to the pair's best sentence."""
    home = subject.pair.best.unit.index
    order = {"admin": 0, "name": 0, "office": 0, "location": 1, "dateline": 2}
    return min(actor.named, key=lambda m: (abs(m.unit - home), order.get(m.how, 3), m.span.start))


def _country_words(subject: Subject, mention: ActorMention, country: str) -> Span | None:
    for place in subject.scene.view.layer("place", "country"):
        after = place.span.start - mention.span.end
        if place.country == country and 0 <= after <= _COUNTRY_NEAR:
            return place.span
    return None


def cue_words(subject: Subject, layer: str, label: str) -> Annotation | None:
    """Return the annotation that carries a value, the nearest to the agreement first."""
    for rank in (OWN, LEAD, SAID_ON, GENERAL):
        for stretch in subject.stretches(rank):
            for a in stretch.of(layer, label):
                if a.label == label:
                    return a
    return None


def field(
    subject: Subject, name: str, value: str, words: Span, basis: str = "stated"
) -> FieldEvidence:
    """Return evidence for one field: the sentence around the words that carry it."""
    return FieldEvidence(field=name, value=value, span=quote_at(subject, words), basis=basis)

"""SSML is taken and refused as Polly does, by engine and voice."""

import pytest

from emulator.ai.polly.ssml import ENGINES, BadSsmlError, UnsupportedFeatureError, script_of


def read(inside: str, engine: str = "standard", voice: str = "Joanna") -> str:
    """The text of a document."""
    return script_of(f"<speak>{inside}</speak>", engine=engine, voice=voice).text


EVERYWHERE = (
    '<p><s>Report <say-as interpret-as="cardinal">24</say-as>.</s></p><break strength="strong"/>'
    '<break time="250ms"/><lang xml:lang="fr-FR">Bonjour</lang><mark name="m"/>'
    '<phoneme alphabet="ipa" ph="x">fish</phoneme><sub alias="web">WWW</sub>'
    '<w role="amazon:VB">read</w><prosody rate="90%" volume="loud">fast</prosody>'
)


@pytest.mark.parametrize("engine", ENGINES)
def test_what_every_engine_speaks(engine: str):
    """Its text without the tags."""
    assert read(EVERYWHERE, engine) == "Report 24.BonjourfishWWWreadfast"


@pytest.mark.parametrize(
    ("inside", "engines"),
    [
        ("<emphasis>x</emphasis>", {"standard"}),
        ('<prosody pitch="+10%">x</prosody>', {"standard"}),
        ('<prosody amazon:max-duration="2s">x</prosody>', {"standard"}),
        ('<amazon:effect name="whispered">x</amazon:effect>', {"standard"}),
        ('<amazon:effect phonation="soft">x</amazon:effect>', {"standard"}),
        ('<amazon:effect name="drc">x</amazon:effect>', {"standard", "neural", "long-form"}),
        ("<amazon:auto-breaths>x</amazon:auto-breaths>", {"standard"}),
        ('<amazon:domain name="news">x</amazon:domain>', {"neural"}),
    ],
)
def test_what_only_some_engines_speak(inside: str, engines: set[str]):
    """The others say which part they lack."""
    for engine in ENGINES:
        if engine in engines:
            assert read(inside, engine) == "x"
        else:
            with pytest.raises(UnsupportedFeatureError, match=f"with the {engine} engine"):
                read(inside, engine)


def test_newscasters_are_some_voices():
    """Named when another is asked."""
    with pytest.raises(UnsupportedFeatureError, match="Amy, Joanna, Lupe, Matthew"):
        read('<amazon:domain name="news">x</amazon:domain>', "neural", "Kendra")


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ("<p>x</p>", "the root is <speak>, got <p>"),
        ("x", "syntax error"),
        ("<speak>Tom & Jerry</speak>", "not well-formed"),
        ("<speak><voice>x</voice></speak>", "<voice> is no tag of Polly's"),
        ('<speak><break time="11s"/></speak>', "0 to 10 s"),
        ('<speak><break strength="huge"/></speak>', "strength of <break> is one of"),
        ("<speak><mark/></speak>", "<mark> needs the attribute name"),
        ('<speak><p class="a">x</p></speak>', "<p> has no attribute class"),
        ("<speak><prosody>x</prosody></speak>", "<prosody> needs one of"),
        ('<speak><prosody rate="10%">x</prosody></speak>', "20% to 200%"),
        ('<speak><prosody volume="11">x</prosody></speak>', "volume is one of"),
        ('<speak><say-as interpret-as="poem">x</say-as></speak>', "interpret-as of <say-as>"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><speak>&b;</speak>', "document type declaration"),
    ],
)
def test_what_is_no_ssml_is_refused(document: str, fault: str):
    """With its reason."""
    with pytest.raises(BadSsmlError) as caught:
        script_of(document, engine="standard", voice="Joanna")
    assert fault in str(caught.value)


def test_all_faults_are_told_at_once():
    """Not only the first."""
    with pytest.raises(BadSsmlError) as caught:
        read('<break time="1h"/><mark/><audio src="x"/>')
    assert [part in str(caught.value) for part in ("1h", "<mark>", "<audio>")] == [True] * 3

"""Polly's voices: who there is, of which language, and for which engines.

From the tables of voices in the developer guide and what DescribeVoices answers; the generative
ones by the guide's history up to March 2026. The ids are botocore's, which a test holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from emulator.jsonapi import Json

# Id, name, language, gender, engines, further languages.
_TABLE = """
Hala|Hala|ar-AE|Female|neural|arb
Zayd|Zayd|ar-AE|Male|neural|arb
Zeina|Zeina|arb|Female|standard|
Arlet|Arlet|ca-ES|Female|neural|
Zhiyu|Zhiyu|cmn-CN|Female|neural standard|
Jitka|Jitka|cs-CZ|Female|neural|
Gwyneth|Gwyneth|cy-GB|Female|standard|
Mads|Mads|da-DK|Male|standard|
Naja|Naja|da-DK|Female|standard|
Sofie|Sofie|da-DK|Female|neural|
Hannah|Hannah|de-AT|Female|generative neural|
Sabrina|Sabrina|de-CH|Female|generative neural|
Daniel|Daniel|de-DE|Male|generative neural|
Hans|Hans|de-DE|Male|standard|
Lennart|Lennart|de-DE|Male|generative|
Marlene|Marlene|de-DE|Female|standard|
Vicki|Vicki|de-DE|Female|generative neural standard|
Nicole|Nicole|en-AU|Female|standard|
Olivia|Olivia|en-AU|Female|generative neural|
Russell|Russell|en-AU|Male|standard|
Amy|Amy|en-GB|Female|generative neural standard|
Arthur|Arthur|en-GB|Male|neural|
Brian|Brian|en-GB|Male|generative neural standard|
Emma|Emma|en-GB|Female|neural standard|
Geraint|Geraint|en-GB-WLS|Male|standard|
Niamh|Niamh|en-IE|Female|generative neural|
Aditi|Aditi|en-IN|Female|standard|hi-IN
Kajal|Kajal|en-IN|Female|generative neural|hi-IN
Raveena|Raveena|en-IN|Female|standard|
Aria|Aria|en-NZ|Female|generative neural|
Jasmine|Jasmine|en-SG|Female|generative neural|
Danielle|Danielle|en-US|Female|generative long-form neural|
Gregory|Gregory|en-US|Male|long-form neural|
Ivy|Ivy|en-US|Female|neural standard|
Joanna|Joanna|en-US|Female|generative neural standard|
Joey|Joey|en-US|Male|neural standard|
Justin|Justin|en-US|Male|neural standard|
Kendra|Kendra|en-US|Female|neural standard|
Kevin|Kevin|en-US|Male|neural|
Kimberly|Kimberly|en-US|Female|neural standard|
Matthew|Matthew|en-US|Male|generative neural standard|
Ruth|Ruth|en-US|Female|generative long-form neural|
Salli|Salli|en-US|Female|generative neural standard|
Stephen|Stephen|en-US|Male|generative neural|
Tiffany|Tiffany|en-US|Female|generative|
Ayanda|Ayanda|en-ZA|Female|generative neural|
Conchita|Conchita|es-ES|Female|standard|
Enrique|Enrique|es-ES|Male|standard|
Lucia|Lucia|es-ES|Female|generative neural standard|
Sergio|Sergio|es-ES|Male|generative neural|
Andres|Andrés|es-MX|Male|generative neural|
Mia|Mia|es-MX|Female|generative neural standard|
Lupe|Lupe|es-US|Female|generative neural standard|
Miguel|Miguel|es-US|Male|standard|
Pedro|Pedro|es-US|Male|generative neural|
Penelope|Penélope|es-US|Female|standard|
Suvi|Suvi|fi-FI|Female|neural|
Isabelle|Isabelle|fr-BE|Female|generative neural|
Chantal|Chantal|fr-CA|Female|standard|
Gabrielle|Gabrielle|fr-CA|Female|generative neural|
Liam|Liam|fr-CA|Male|generative neural|
Ambre|Ambre|fr-FR|Female|generative|
Celine|Céline|fr-FR|Female|standard|
Florian|Florian|fr-FR|Male|generative|
Lea|Léa|fr-FR|Female|generative neural standard|
Mathieu|Mathieu|fr-FR|Male|standard|
Remi|Rémi|fr-FR|Male|generative neural|
Dora|Dóra|is-IS|Female|standard|
Karl|Karl|is-IS|Male|standard|
Adriano|Adriano|it-IT|Male|neural|
Beatrice|Beatrice|it-IT|Female|generative|
Bianca|Bianca|it-IT|Female|generative neural standard|
Carla|Carla|it-IT|Female|standard|
Giorgio|Giorgio|it-IT|Male|standard|
Lorenzo|Lorenzo|it-IT|Male|generative|
Kazuha|Kazuha|ja-JP|Female|neural|
Mizuki|Mizuki|ja-JP|Female|standard|
Takumi|Takumi|ja-JP|Male|neural standard|
Tomoko|Tomoko|ja-JP|Female|neural|
Jihye|Jihye|ko-KR|Female|neural|
Seoyeon|Seoyeon|ko-KR|Female|generative neural standard|
Ida|Ida|nb-NO|Female|neural|
Liv|Liv|nb-NO|Female|standard|
Lisa|Lisa|nl-BE|Female|generative neural|
Laura|Laura|nl-NL|Female|generative neural|
Lotte|Lotte|nl-NL|Female|standard|
Ruben|Ruben|nl-NL|Male|standard|
Ewa|Ewa|pl-PL|Female|standard|
Jacek|Jacek|pl-PL|Male|standard|
Jan|Jan|pl-PL|Male|standard|
Maja|Maja|pl-PL|Female|standard|
Ola|Ola|pl-PL|Female|generative neural|
Camila|Camila|pt-BR|Female|generative neural standard|
Ricardo|Ricardo|pt-BR|Male|standard|
Thiago|Thiago|pt-BR|Male|neural|
Vitoria|Vitória|pt-BR|Female|neural standard|
Cristiano|Cristiano|pt-PT|Male|standard|
Ines|Inês|pt-PT|Female|neural standard|
Carmen|Carmen|ro-RO|Female|standard|
Maxim|Maxim|ru-RU|Male|standard|
Tatyana|Tatyana|ru-RU|Female|standard|
Astrid|Astrid|sv-SE|Female|standard|
Elin|Elin|sv-SE|Female|neural|
Burcu|Burcu|tr-TR|Female|neural|
Filiz|Filiz|tr-TR|Female|standard|
Hiujin|Hiujin|yue-CN|Female|neural|
"""

LANGUAGE_NAMES: Mapping[str, str] = {
    "ar-AE": "Gulf Arabic",
    "arb": "Arabic",
    "ca-ES": "Catalan",
    "cmn-CN": "Chinese Mandarin",
    "cs-CZ": "Czech",
    "cy-GB": "Welsh",
    "da-DK": "Danish",
    "de-AT": "Austrian German",
    "de-CH": "Swiss Standard German",
    "de-DE": "German",
    "en-AU": "Australian English",
    "en-GB": "British English",
    "en-GB-WLS": "Welsh English",
    "en-IE": "Irish English",
    "en-IN": "Indian English",
    "en-NZ": "New Zealand English",
    "en-SG": "Singaporean English",
    "en-US": "US English",
    "en-ZA": "South African English",
    "es-ES": "Castilian Spanish",
    "es-MX": "Mexican Spanish",
    "es-US": "US Spanish",
    "fi-FI": "Finnish",
    "fr-BE": "Belgian French",
    "fr-CA": "Canadian French",
    "fr-FR": "French",
    "hi-IN": "Hindi",
    "is-IS": "Icelandic",
    "it-IT": "Italian",
    "ja-JP": "Japanese",
    "ko-KR": "Korean",
    "nb-NO": "Norwegian",
    "nl-BE": "Belgian Dutch",
    "nl-NL": "Dutch",
    "pl-PL": "Polish",
    "pt-BR": "Brazilian Portuguese",
    "pt-PT": "Portuguese",
    "ro-RO": "Romanian",
    "ru-RU": "Russian",
    "sv-SE": "Swedish",
    "tr-TR": "Turkish",
    "yue-CN": "Cantonese",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Voice:
    """One voice; `languages` are those that it speaks, its own first."""

    id: str
    name: str
    gender: str
    engines: tuple[str, ...]
    languages: tuple[str, ...]

    @property
    def language(self) -> str:
        """The language that it speaks unless told otherwise."""
        return self.languages[0]

    def described(self) -> Json:
        """As DescribeVoices tells it."""
        told: Json = {
            "Id": self.id,
            "Name": self.name,
            "Gender": self.gender,
            "LanguageCode": self.language,
            "LanguageName": LANGUAGE_NAMES[self.language],
            "SupportedEngines": list(self.engines),
        }
        more = list(self.languages[1:])
        return {**told, "AdditionalLanguageCodes": more} if more else told


def _voice(line: str) -> Voice:
    made, name, language, gender, engines, more = line.split("|")
    return Voice(
        id=made,
        name=name,
        gender=gender,
        engines=tuple(engines.split()),
        languages=(language, *more.split()),
    )


VOICES: Mapping[str, Voice] = {
    voice.id: voice for voice in map(_voice, _TABLE.strip().splitlines())
}
"""By id."""

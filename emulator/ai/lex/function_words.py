"""Words that say little about what somebody wants, by language; written down for this engine."""

from collections.abc import Mapping

_TEXTS = {
    "en": """
        a about am an and are as at be been but by can could did do does for from get give had has
        have he hello here hi how i i'd i'll i'm if in is it it's its like may me might my need no
        not of on or our please shall she should so that the there these they this those to want
        was we were what when which who will with would you your
    """,
    "de": """
        aber am an auf bei bin bitte das dem den der des die du ein eine einem einen einer es für
        habe haben hat ich ihr im in ist kann können mein meine meinen mich mir mit möchte nicht
        oder sein sie sind und uns von wann war waren was wer wie will wir wird würde zu
    """,
    "fr": """
        a ai avec avoir bonjour ce ces cette comment dans de des du elle en est et il je l' la le
        les ma mais me mes mon ne nous on ont ou par pas peut peux plaît pour quand que qui quoi
        s'il sont suis sur tu un une veux vos votre voudrais vous à être
    """,
    "es": """
        a con cuándo cómo de del el ella en es esta este favor ha han he hola la las lo los me mi
        mis no nosotros o para pero por puede puedo que quiero quisiera quién qué ser son soy su
        tu un una usted y yo él
    """,
    "it": """
        a che chi ciao come con cosa da del della di e essere gli ha hanno ho i il in io la le lei
        lo ma mi mia mio noi non o per posso può quando questa questo sono su suo tu un una uno
        voglio vorrei è
    """,
    "pt": """
        a as com como da de do e ela ele em esta este eu favor mas me meu minha na no não nós o
        olá os ou para pode por posso quando que quem queria quero ser seu sou sua são tem tenho
        um uma você é
    """,
}

FUNCTION_WORDS: Mapping[str, frozenset[str]] = {
    language: frozenset(text.split()) for language, text in _TEXTS.items()
}

"""Whether the words of a text stand in an order that English has.

What follows a function word is far from chance: "of the" is common, "the of" and "is can" are not, and behind "a" comes
hardly ever another one. A text whose pairs are, taken together, less likely than words thrown together would have it
was not written by anybody. Where sentences begin with small letters, a capital in mid-sentence ("over The as") tells
the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from dlgrade.grading.words import STOPWORDS, Sentence, put_together

LEAST, MOST, STEP = -2.5, 1.5, 0.16

# By how much more often than by chance each of these words, in the order of the rows, follows the one that leads the
# row, as a logarithm: "a" is LEAST, each further letter a STEP more. The last letter is for any other word. From 2.3
# million words of documentation that comes with Python packages, by `benchmarks/make_order.py`.
_ROWS = """
    the aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaeaahaaaaaaaaaaaaaaafaaaaaat
    a aaaaaaaabaaabaiaadaalaaaaaaafagaejaaaaaaaajaaaaaaaaaaaaaaafeaiaaat
    an aaaaaaaaaaaaahaaaaaaaahaaaaaaaaaaaaabaakaaaaaaaaaaaaaaaaaaioaaaaat
    of zuuaaaaaaacaaaaaaaaaaaaaaaaaaaaaaaaaajnnafaaaaagyauyuzzaayeoaaaxxp
    to ursaaaaaaagaacaaaazaawaaaaaaaaazaaaaahobacaaaaakwaznmjvaiwafjaasoq
    in zvvaaaaaaafaadaaaaaaaabaaaaaaaaaaaaaapzeaabdaaakxaysxstaazeiaphnnp
    for uuuaaaaaaahaaaaaaaaaaacabaaaaaaaaaaaanyfmdaaaaaksastuvzaowvjaoamwr
    by wsuaaaaaadkaaaaaaaaaaaiagaaaaaaaaaaaafplaaaaaaabxaziursapvcpegalrr
    with wxzaaaaaacraabaaaaaaaafaeabaaaaaackaalmsaaaaaaanzazqtuzahvemazawlq
    from zwvaaaaaacaaaaaaaaaaaaibaaaaaaaaaaaaaowlgfaaaaanzayrstzalyjpaarwap
    at yuoaaaaaaabaaaaaaeaaaanacdaaadaaaahaaqzqaadaaaadvaxjwtzaazjuaqaump
    on zvvahaafaagaaaaaabaaaajaaajaaabacaiafmxwigaafaaszazyruyaizjqacazzo
    into wzzaaaaaaakacaaacjafaasdhaeaaiabbaaaajuvaaicaaaozdzsopraazezaajrvo
    as tzzhdokdkgegaajafmaaaagdaanbbnaelaaaoiajlaaaaadwyzxcmozsusiwhltjpp
    is rxzcmngaagqjafaaaaaaaaaaaaaaaaaaaaaaanaccjaseapakajacaaaaiagzzlypq
    are nhigfrfaanrmagaaaaaaaagaaaaaaaaaaaaaaaajaaaadapaghqaaaseaaanzzopar
    was gtwagndafagkcaaacjagaasahaeaaiabcaaaaiavfjjlgahacdhfdciaajazzypiir
    were hmpemmaaaptkjaaajzangezaoaldgphiiaadaaczdgpjeqfaiknmajpafqczzzhpps
    be kuveaoaaaariafaaaaaaaadaaaaaaaaaaaaaaaagaaajdaaaiaaaaaaaajakbpfpgs
    been ajeaaaafaaaafaaagnajlavalaiadmeffaaaabayadmgaecafgkiaglacmazaknmmt
    has rzzavaaaaavfaiaaagazaazaeabaafaaaaaaaaasaafadaeizasuereaefawyzaffn
    have tzzayaaaaewaaaaaaeazafzacaaaadaaaaaaajaqdadahaanrazynstagqauszemdo
    had ozzazbcifinjsgagszdzonzjxjumpyqrrbvmdekzlpysmqowzszztszuoylzvzqyyn
    can aaaaaaaaaadaaaaaaazaazjaaaaaaaazaaaaaaamaaaaaawbaaaaaaamaaaqpiaaao
    could aaaaahhaaacahfaahozlezxanakcfofzhaacaaazbfohcgeahimkainaeoazzdgono
    will aaaaaaaaaadaaaaaaazaazjaaaaaeaaxaaaaaaamaaaaaataaaaaaaaaaaaqzpaaao
    would aaaaaaadbaafeaaaelzibzuakatackczeaaaadaxacleacwcefjhaekablazzjmlkp
    should aaaaaaaaaaiaaaaaadzaczmacaaaacauaaaaaaapaadaaaffagbaigcscdatzfedcn
    may aaaaaaaaaamaaiaaagzdfzpafacaaganaataaaasaagaaataaaecaafaagawzeaggo
    might aaaabaaaaadainaaipzmfzyaoakcgoguiafddabzcgpidgeaijnlaioafpbzzegpoo
    must aaaaaaadaaeaaaaaahzeazqafacaagauaaaaaaataahaaalaabfdaagaahaxzaaggm
    do qroaagdjqealbiiabiafatragcdaahaaabaiguaupahbzakzprsnzxhworsyzjizhk
    does jjiaafaahagibaaaciafavrahaeaaianbaajaeaukaicsanrqcgeqchaaikyzyjyif
    and rooaehieifkjaflmknabsoqqosostlqrqaaalmgekjojtazqzuzalltsqilvqstqur
    or luuagmgpjopjdlegfocaqkpkqajfulaomadaseajpilneaakxlsabaokoubnyoinrr
    but qjmabqrbwetjamrrxzaayrmxwwrxzwrzzaaaurpyrmmtgavzvzwaxwzzzqvtzyzzcn
    if wtuaaaaaaalaaaaaadaaaadafaaaadaaghaaajagaaaaqaazvzuavsozzzkxxzzgao
    that tnnhahkfaakbjhvzzzabzywzzyzxzzwyzaaaoaahqdroaabxoztauulzzthyauzlao
    which shmetifdaaeaaazzzzaazxzzzzzzzzzxzaaaaaandbbaaamqjziaoeawxkarantbbn
    who aakboeflilqmvjszvzgyzzzzzvzpzztzuejpghnzpszvqtzkuwzyhvzlrzozjqtzzq
    when vtwaadaacalaabaaadaajalabaaaacaaebaaabapaicaaabypzulqpozzumzrzzccq
    where xspamiaaadmeadbfagadaapafacaagaaaaaaahascagaaaaxozecpqozxpwzatzgfq
    while unlaaonaoanaiaaajpamfdyaoaldgphhiaadmhbzcgpjdhfurznlzsxzuzrzunxppq
    because vnoxanbfackocaaacjagaasahaeaaiabcaaaqtavuascaapzyzzfxzzzwjmzjpzirm
    so pgkadkogdclwapgfaeeaihmmclwpqqstsaaatzaqsaujaelztzqawxtzznqzkxzumm
    than wrsahkgheenbaiadahaekaqlgamaagaaaazharatdahaaiaozuvdtqzpkyaxboizgq
    then wrtaaagoahgfajaaafpcakoaekacaejzkaaalparaaoakalzzzxbwwtzxxezawzonp
    it aefarpllrrppzuzazzdazazzzzzzzzzdzmeglbgkmawkoanaabadebaceacoahmhgn
    its adjaacaaaaaabaaaciaoaarahceaaiaabaaaaaauaaibaaaabcgeachaaieypaaiit
    they aaaaaaaaaaaadaazdzagazzzzzzzzzzzcaaaaaawaajdabaacnhgadjaajazahbjjm
    their aaaaadaaaabageaehnakdbwamajbenffgaabaaazaengbfdaghljahmadnazacfnnt
    them aaaazysvzzwtzzmtfmdirnvotsuqrlmyepcmqahytcluvqkhegjieulebmnziasllp
    this aaaakhfjeeibnkzayeaataezzzzzyzvazdaehaahkalokaaaaaaaaaaeaaalaeaeaq
    these aaaalghbfigjpkfzczagoqswuwzzwzvucgaaaaavfjjlgbaacdhfadibajazaakjir
    those aaavhvnaxwmouldyiyalepxonmkloxthhaacazvzcfxidgrahjmlaixneobzndgoor
    we aaaaaaaaaadaaaazazaaazzzzzzzzzzzaaaaaaalaaaaaaoaaaaaaaaaaaapaeaaaq
    you acdapaffdiaaaaazawacazzzzzzzzzzzaalaabarfafaaaaaaadbbpeaafavaaasoo
    your aaaaaaaaaadajaaajqamfdyaoaldgphiibldaabzcgpjdhfaijnmajoafpczaehppt
    i aaadfuiaciiaeaooqlaamsyoxjojiocmkngaaaeococaadbaaaaaaabaacrsaaabbs
    he aeoffijpmpuqznsnzzkzzuzzzqztwzxyyiwttlrztwzzuxvoyzzzlzzpvzsznuxzzs
    not ittaktfdacknajaaaazzazgafaaaagavaaaaabajdaahiaddkjkacafdaaanaanwjr
    no aaaaaaaaaaaaaaaaaeabdanadaaaaeajaaaaaaaqaaeaaaaaaacaaadaaeduakaeet
    there aeaafaeddaaaaizzzzaemezwzyvzzzziqcfkdaataaqnqaahabfdaagjghcxaiahge
    what tmaaraaafadaiazozyamxqyszszypzghiafdnebzcgpimhfxxznltvozzzozaehzoo
    how uloazbaaaadaiaafipamfdyqnakrgogzxgacadbzcfpidgevuzwlwzoyxzkzangyxn
"""
_TABLE = dict(row.split() for row in _ROWS.strip().splitlines())
WORDS = tuple(_TABLE)
_ODDS = {
    word: {other: LEAST + STEP * (ord(letter) - ord("a")) for other, letter in zip((*WORDS, ""), row, strict=True)}
    for word, row in _TABLE.items()
}
_LETTERS = frozenset("bcdxyz")
_BLANKS = frozenset({" ", "\n", "  "})
# What the sum of the odds must fall below, and how much further for each pair: of 7,072 real answers in two public sets
# 14 do, of 145 references none, and 287 of 300 answers of 170 words that were shuffled.
_BELOW, _EACH, _FEWEST = -2.5, -0.05, 6
_CAPITAL, _NOUN = -2, -0.5  # many write nouns so
_SMALL = 0.3  # share of sentences


def is_in_no_order(said: Sequence[Sentence]) -> bool:
    """Whether the function words have such words behind them that nobody wrote the text so."""
    inside = put_together(said)
    spelled, written, gaps = inside.spelled, inside.written, inside.gaps
    letters = not _LETTERS.isdisjoint(spelled)
    capitals = _begins_small(said)
    firsts = set(accumulate(map(len, said)))
    odds, pairs = 0.0, 0
    for k, follows in enumerate(map(_ODDS.get, spelled[:-1]), start=1):
        if (follows is None and not capitals) or gaps[k] not in _BLANKS or k in firsts:
            continue
        # "A" may be the name of something, and surely is beside "B".
        if follows is not None and (spelled[k - 1] != "a" or (not letters and written[k - 1][0] != "A")):
            odds += follows.get(spelled[k], follows[""])
            pairs += 1
        if capitals and written[k - 1][-1].islower() and _is_capitalised(written[k]):
            odds += _CAPITAL if spelled[k] in STOPWORDS else _NOUN
    return pairs >= _FEWEST and odds < _BELOW + _EACH * pairs


def _is_capitalised(word: str) -> bool:
    return word[0].isupper() and word[1:].islower()


def _begins_small(said: Sequence[Sentence]) -> bool:
    """Whether many sentences begin with a small letter, as they do where capitals were moved elsewhere.

    Notes that lost the ends of their lines have capitals in mid-sentence too, but begin with them as well.
    """
    starts = [sentence.among.written[sentence.first][0] for sentence in said[1:]]
    return bool(starts) and sum(map(str.islower, starts)) >= _SMALL * len(starts)

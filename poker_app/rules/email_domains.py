"""Email domains: the domain of an address, and whether it is one company's or a public mail service's."""

# Services where everybody can get an address: two users of one are not colleagues for that.
_PUBLIC = frozenset(
    """
    gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com ymail.com rocketmail.com icloud.com
    me.com mac.com aol.com proton.me protonmail.com pm.me tutanota.com tuta.com tuta.io fastmail.com fastmail.fm
    hey.com zoho.com zohomail.com zohomail.eu mail.com email.com usa.com gmx.com gmx.net gmx.de gmx.at gmx.ch web.de
    t-online.de freenet.de mail.de posteo.de posteo.net mailbox.org arcor.de vodafone.de 1und1.de orange.fr wanadoo.fr
    free.fr sfr.fr laposte.net bbox.fr libero.it virgilio.it tiscali.it alice.it tin.it telefonica.net terra.es
    btinternet.com virginmedia.com sky.com talktalk.net ntlworld.com blueyonder.co.uk bluewin.ch sunrise.ch
    ziggo.nl kpnmail.nl xs4all.nl planet.nl hetnet.nl home.nl telenet.be skynet.be telia.com bredband.net
    wp.pl o2.pl onet.pl op.pl interia.pl gazeta.pl seznam.cz centrum.cz email.cz azet.sk abv.bg
    mail.ru bk.ru inbox.ru list.ru internet.ru yandex.ru yandex.com ya.ru rambler.ru ukr.net i.ua
    qq.com foxmail.com 163.com 126.com yeah.net sina.com sina.cn sohu.com aliyun.com naver.com hanmail.net daum.net
    nate.com kakao.com docomo.ne.jp ezweb.ne.jp softbank.ne.jp nifty.com rediffmail.com in.com
    uol.com.br bol.com.br terra.com.br ig.com.br bigpond.com optusnet.com.au xtra.co.nz shaw.ca rogers.com bell.net
    sympatico.ca comcast.net verizon.net att.net sbcglobal.net cox.net charter.net earthlink.net juno.com
    mailinator.com guerrillamail.com yopmail.com 10minutemail.com temp-mail.org sharklasers.com trashmail.com
    duck.com mozmail.com simplelogin.com privaterelay.appleid.com
    """.split()  # noqa: SIM905
)
# The same services under every country's ending.
_PUBLIC_NAMES = frozenset({"yahoo", "hotmail", "outlook", "live", "gmx", "yandex", "aol", "msn"})
_COUNTRY_PARTS = frozenset({"co", "com"})


def domain_of(email: str) -> str:
    """Returns the domain of an address, in lower case."""
    return email.rpartition("@")[2].lower()


def company_of(email: str) -> str | None:
    """The domain of the company that an address is at, or None at a mail service that is open to everybody."""
    domain = domain_of(email)
    return None if is_public(domain) else domain


def is_public(domain: str) -> bool:
    """Whether a domain is a mail service's, or a whole ending such as ``co.uk``, and not one company's."""
    first, *rest = domain.lower().split(".")
    countrywide = len(rest) == 1 or (len(rest) == 2 and rest[0] in _COUNTRY_PARTS)
    return not rest or domain.lower() in _PUBLIC or (first in _PUBLIC_NAMES and countrywide)

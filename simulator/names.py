"""Names of people and places that the systems' records carry."""

import unicodedata

FIRST = (
    "Anna Ben Clara David Elif Finn Giulia Hugo Ines Jonas Katarzyna Luca Marie Noah Olivia Paul "
    "Quentin Rosa Samuel Tessa Ulrich Vera Willem Xenia Yusuf Zoë Émile Jürgen Søren Núria Łukasz "
    "Amélie Björn Chiara Daan Eva Fleur Georg Hanna Ivo Jan Karim Lotte Mehmet Nina Oscar Petra "
    "Rafael Sofie Thomas"
).split()
LAST = (
    "Müller Schmidt Fischer Weber Wagner Becker Hoffmann Jansen Bakker Visser Smit Meijer Dubois "
    "Laurent Moreau Lefèvre Girard Rossi Ferrari Bianchi Romano Greco García Fernández López "
    "Martínez Sánchez Kowalski Nowak Wiśniewski Zieliński Peeters Maes Claes Gruber Huber Bauer "
    "Steiner Moser O'Neill Haddad Yılmaz Kaya Nguyen Petrov Novak Horvat Silva Costa Andersen"
).split()
CITIES = (
    ("DE", "Berlin"),
    ("DE", "Hamburg"),
    ("DE", "München"),
    ("DE", "Köln"),
    ("DE", "Leipzig"),
    ("AT", "Wien"),
    ("AT", "Graz"),
    ("NL", "Amsterdam"),
    ("NL", "Rotterdam"),
    ("BE", "Antwerpen"),
    ("BE", "Brussel"),
    ("FR", "Paris"),
    ("FR", "Lyon"),
    ("FR", "Lille"),
    ("IT", "Milano"),
    ("IT", "Torino"),
    ("ES", "Madrid"),
    ("ES", "Barcelona"),
    ("PL", "Warszawa"),
    ("PL", "Kraków"),
)
CITY_WEIGHTS = (12, 8, 7, 6, 4, 6, 2, 7, 5, 3, 4, 9, 4, 3, 6, 3, 6, 5, 5, 3)
DIALLING = {"DE": 49, "AT": 43, "NL": 31, "BE": 32, "FR": 33, "IT": 39, "ES": 34, "PL": 48}
MAIL_HOSTS = ("mail.example", "post.example", "inbox.example", "work.example")
SUPPLIERS = (
    "Shenzhen Bright Devices",
    "Taipei Circuit Works",
    "Nordic Sound AB",
    "Rhein Display GmbH",
    "Osaka Mobile Parts",
)


def ascii_letters(name: str) -> str:
    """``name`` in lower-case ASCII letters, as a mail address carries it."""
    plain = name.replace("ł", "l").replace("Ł", "L").replace("ø", "o").replace("ı", "i")
    decomposed = unicodedata.normalize("NFKD", plain)
    return "".join(letter for letter in decomposed if letter.isascii() and letter.isalpha()).lower()


def csv_text(value: str) -> str:
    """``value`` as a CSV field, quoted where a comma or a quote asks for it."""
    if "," in value or '"' in value:
        return '"' + value.replace('"', '""') + '"'
    return value

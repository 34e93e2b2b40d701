"""Tables of facts: countries, elements, months and days, opposites, units, Roman numerals.

Only what can be said in single words, so that one token holds it. Knows nothing of questions.
"""

from __future__ import annotations

_COUNTRIES = {
    "Europe": """
        France Paris euro; Germany Berlin euro; Italy Rome euro; Spain Madrid -; Portugal Lisbon -;
        Austria Vienna -; Greece Athens -; Ireland Dublin -; Finland Helsinki -; Sweden Stockholm krona;
        Norway Oslo krone; Denmark Copenhagen krone; Poland Warsaw zloty; Hungary Budapest forint;
        Romania Bucharest leu; Serbia Belgrade dinar; Albania Tirana lek; Iceland Reykjavik krona;
        Switzerland Bern franc; Ukraine Kyiv hryvnia; Belarus Minsk ruble; Moldova Chisinau leu;
        Czechia Prague koruna; Latvia Riga -
    """,
    "Asia": """
        Japan Tokyo yen; China Beijing yuan; India - rupee; Thailand Bangkok baht; Vietnam Hanoi dong;
        Malaysia - ringgit; Philippines Manila peso; Nepal Kathmandu rupee; Bangladesh Dhaka taka;
        Iran Tehran rial; Iraq Baghdad dinar; Syria Damascus -; Lebanon Beirut -; Jordan Amman dinar;
        Turkey Ankara lira; Mongolia Ulaanbaatar tugrik; Laos Vientiane kip; Cambodia - riel;
        Kazakhstan Astana tenge; Uzbekistan Tashkent -; Afghanistan Kabul -; Qatar Doha riyal;
        Oman Muscat -; Georgia Tbilisi lari; Armenia Yerevan dram; Bahrain Manama -
    """,
    "Africa": """
        Egypt Cairo pound; Kenya Nairobi shilling; Nigeria Abuja naira; Ghana Accra cedi;
        Morocco Rabat dirham; Algeria Algiers dinar; Tunisia Tunis -; Libya Tripoli -; Ethiopia - birr;
        Uganda Kampala shilling; Tanzania Dodoma -; Rwanda Kigali franc; Zambia Lusaka kwacha;
        Mozambique Maputo metical; Angola Luanda kwanza; Namibia Windhoek -; Botswana Gaborone pula;
        Senegal Dakar franc; Mali Bamako -; Niger Niamey -; Somalia Mogadishu -;
        Madagascar Antananarivo ariary; Gambia Banjul dalasi; Liberia Monrovia dollar;
        Eritrea Asmara nakfa
    """,
    "America": """
        Canada Ottawa dollar; Mexico - peso; Cuba Havana peso; Jamaica Kingston dollar; Haiti - gourde;
        Guatemala - quetzal; Honduras Tegucigalpa lempira; Nicaragua Managua cordoba; Panama - balboa;
        Colombia Bogota peso; Venezuela Caracas bolivar; Ecuador Quito dollar; Peru Lima sol;
        Bolivia - boliviano; Chile Santiago peso; Uruguay Montevideo peso; Paraguay Asuncion guarani;
        Guyana Georgetown -; Suriname Paramaribo -; Belize Belmopan -; Bahamas Nassau -;
        Barbados Bridgetown -; Brazil Brasilia real
    """,
}
"""`country capital currency` by continent; a dash where no single word answers, or to keep it short."""

_ELEMENTS = """
    hydrogen H; helium He; lithium Li; beryllium Be; boron B; carbon C; nitrogen N; oxygen O; fluorine F;
    neon Ne; sodium Na; magnesium Mg; aluminium Al; silicon Si; phosphorus P; sulfur S; chlorine Cl;
    argon Ar; potassium K; calcium Ca; titanium Ti; vanadium V; chromium Cr; manganese Mn; iron Fe;
    cobalt Co; nickel Ni; copper Cu; zinc Zn; bromine Br; krypton Kr; silver Ag; tin Sn; xenon Xe;
    barium Ba; tungsten W; platinum Pt; gold Au; mercury Hg; lead Pb; uranium U; radium Ra
"""

_MONTHS = "January February March April May June July August September October November December"
_WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
MONTHS, WEEKDAYS = tuple(_MONTHS.split()), tuple(_WEEKDAYS.split())
REGIONS = tuple(_COUNTRIES)
LETTERS = tuple("abcdefghijklmnopqrstuvwxyz")
NAMES = ("Carl", "Dora", "Emil", "Fay", "Gus", "Hana", "Ivan", "Jana")
OPPOSITES = {
    "adjectives": """
        hot cold; big little; old new; fast slow; rich poor; wet dry; full empty; light dark; hard soft;
        high low; loud quiet; clean dirty; happy sad; thick thin; wide narrow; early late
    """,
    "verbs": """
        buy sell; push pull; win lose; laugh cry; start stop; arrive leave; give take; rise fall;
        remember forget; build destroy
    """,
}
"""Pairs of words, each the opposite of the other."""
UNITS = {
    "metric": (
        ("kilometres", "metres", 1000),
        ("metres", "centimetres", 100),
        ("centimetres", "millimetres", 10),
        ("kilograms", "grams", 1000),
        ("litres", "millilitres", 1000),
    ),
    "imperial": (
        ("feet", "inches", 12),
        ("yards", "feet", 3),
        ("pounds", "ounces", 16),
        ("gallons", "pints", 8),
        ("stones", "pounds", 14),
    ),
}
"""Bigger unit, smaller unit, how many of the smaller make one of the bigger."""


def _rows(text: str) -> list[list[str]]:
    return [row.split() for row in text.split(";") if row.strip()]


def capitals(region: str) -> dict[str, str]:
    """Country to capital in one region."""
    return {country: capital for country, capital, _ in _rows(_COUNTRIES[region]) if capital != "-"}


def currencies(region: str) -> dict[str, str]:
    """Country to currency in one region."""
    return {country: money for country, _, money in _rows(_COUNTRIES[region]) if money != "-"}


def elements() -> dict[str, str]:
    """Element's name to its chemical symbol."""
    return {name: symbol for name, symbol in _rows(_ELEMENTS)}


def opposites(part: str) -> dict[str, str]:
    """Word to its opposite, both ways."""
    pairs = _rows(OPPOSITES[part])
    return {a: b for a, b in pairs} | {b: a for a, b in pairs}


def roman(number: int) -> str:
    """The Roman numeral of a number below 40."""
    tens, ones = divmod(number, 10)
    return "X" * tens + ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")[ones]

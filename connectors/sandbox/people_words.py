"""What invented people are made of: names by falling frequency, area codes, cities and streets."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES = _words(
    "James Mary Michael Jennifer David Linda Robert Elizabeth William Susan John Jessica Thomas Sarah Daniel Karen "
    "Matthew Nancy Christopher Emily Joseph Michelle Andrew Amanda Joshua Melissa Olivia Liam Emma Noah Sophie Lucas "
    "Katherine Anthony Rebecca Samuel Margaret Benjamin Laura Nicholas Patricia Ryan Nathan Hannah Alice Edward "
    "Claire Victoria Richard Deborah José René Zoë Chloé André Renée François Noémie Anaïs Inés Mei Arjun Aisha "
    "Mohammed Giovanni Ines Carlos Lucía Omar Leila Sven Astrid Dmitri Anya Kenji Hana Minh Linh Chinedu Amina Rafael "
    "Paulo Mary-Jane Jean-Pierre Anne-Marie Marie-Claude Ioana Piotr Agnieszka Siobhan Declan Gwendolyn Percival "
    "Philippa"
)
DOUBLE_FIRST_NAMES = ("Mary Ann", "Anna Maria", "Juan Carlos", "Jean Luc")
LAST_NAMES = _words(
    "Smith Brown Tremblay Martin Roy Wilson Johnson Williams Jones Garcia Miller Davis Nguyen Campbell Gagnon Lee "
    "Anderson Taylor Thomas Moore White Thompson Clark Lewis Walker Hall Young King Wright Hill Scott Green Adams "
    "Baker Nelson Carter Mitchell Roberts Turner Phillips Parker Evans Edwards Collins Stewart Morris Rogers Reed "
    "Cook Bailey Côté Bélanger Gagné Lévesque Bouchard Pelletier Lavoie Fortin Morin Patel Singh Kaur Khan Ali Chen "
    "Wong Li Wu Kim Park Tran Pham Silva Santos Peña Núñez Müller Schröder Kowalski Nowak Ivanov Popescu Rossi "
    "Ferrari Okafor Mensah Haddad Yilmaz Sato Tanaka MacDonald McKenzie O'Connor O'Brien D'Angelo St-Pierre Null Na "
    "Ng Oh"
)
PARTICLE_NAMES = ("van der Berg", "de la Cruz", "Le Blanc", "von Arnim", "da Costa", "ten Haken", "Di Marco")
PLAIN_NAMES = _words(
    "Fatima Priya Kofi Ingrid Tariq Yuki Zofia Bogdan Xochitl Umberto Quentin Svetlana Hiroshi Dagny Nkechi Esteban "
    "Wojtek Vasile Rukmini Odalys Lubna Gunnar Cosmin Ezinne"
)
"""First names that no table of nicknames connects with any other, for people who must be clearly different (G6)."""
NICKNAMES = {
    "James": "Jim", "Michael": "Mike", "Jennifer": "Jenny", "David": "Dave", "Robert": "Bob", "Elizabeth": "Liz",
    "William": "Bill", "Susan": "Sue", "Jessica": "Jess", "Thomas": "Tom", "Daniel": "Dan", "Matthew": "Matt",
    "Christopher": "Chris", "Joseph": "Joe", "Andrew": "Andy", "Amanda": "Mandy", "Joshua": "Josh", "Katherine": "Kate",
    "Anthony": "Tony", "Rebecca": "Becky", "Samuel": "Sam", "Margaret": "Maggie", "Benjamin": "Ben", "Nicholas": "Nick",
    "Patricia": "Pat", "Edward": "Ed", "Victoria": "Vicky", "Richard": "Rick", "Deborah": "Deb", "Nathan": "Nate",
}  # fmt: skip
RARE_HEADS = _words(
    "Thistle Quill Umber Zephyr Wrack Marrow Fennel Jasper Cinder Vesper Gorse Larken Ombre Pewter Sorrel Tansy "
    "Yarrow Brindle"
)
RARE_TAILS = _words(
    "wrathe mandrel gristow venning quaith lowther pennock strand dacre fosk hollin jarrow kestle morrant noake orpe "
    "rudge tarn"
)
CANADIAN_CODES = _words(
    "204 226 236 249 250 289 306 343 365 403 416 418 431 437 438 450 506 514 519 548 579 581 587 604 613 639 647 672 "
    "705 709 778 780 782 807 819 825 867 873 902 905"
)
AMERICAN_CODES = _words(
    "201 202 203 205 206 207 208 209 212 213 214 215 216 217 218 224 228 231 234 239 240 248 251 252 253 254 256 260 "
    "262 267 269 270 281 301 302 303 304 305 307 308 309 310 312 313 314 315 316 317 318 319 320 321 323 330 334 336 "
    "337 346 347 352"
)
CANADIAN_CITIES = (
    ("Ottawa", "ON", "K1"), ("Toronto", "ON", "M5"), ("Kingston", "ON", "K7"), ("Hamilton", "ON", "L8"),
    ("Montréal", "QC", "H2"), ("Gatineau", "QC", "J8"), ("Halifax", "NS", "B3"), ("Winnipeg", "MB", "R3"),
    ("Calgary", "AB", "T2"), ("Vancouver", "BC", "V6"), ("St. John's", "NL", "A1"),
)  # fmt: skip
AMERICAN_CITIES = (
    ("Portland", "OR", "972"), ("Seattle", "WA", "981"), ("San Francisco", "CA", "941"), ("Oakland", "CA", "946"),
    ("Los Angeles", "CA", "900"), ("Sacramento", "CA", "958"), ("Phoenix", "AZ", "850"), ("Denver", "CO", "802"),
    ("Boston", "MA", "021"), ("Newark", "NJ", "071"),
)  # fmt: skip
STREETS = _words(
    "Mallow Copper Juniper Heron Lantern Saddler Tidewater Bellows Orchard Quarry Cooper Willowmere Gantry Foxglove "
    "Harbour Clockmaker Ferry Tannery"
)
WAYS = ("St", "Ave", "Rd", "Lane", "Crescent", "Court")
DOMAINS = (
    "example.com", "mail.example.com", "example.org", "example.net", "post.example.org", "inbox.example.net",
)  # fmt: skip
POSTAL_LETTERS = "ABCEGHJKLMNPRSTVWXYZ"

"""Countries and their provinces, as far as the simulated shop checks them (sheet: Rules, Address)."""

COUNTRIES = {
    "US": "United States", "CA": "Canada", "AU": "Australia", "GB": "United Kingdom", "DE": "Germany", "FR": "France",
    "NL": "Netherlands", "IE": "Ireland", "NZ": "New Zealand", "AT": "Austria", "CH": "Switzerland",
}  # fmt: skip

PROVINCES = {
    "US": {
        "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California", "CO": "Colorado",
        "CT": "Connecticut", "DE": "Delaware", "DC": "District of Columbia", "FL": "Florida", "GA": "Georgia",
        "HI": "Hawaii", "ID": "Idaho", "IL": "Illinois", "IN": "Indiana", "IA": "Iowa", "KS": "Kansas",
        "KY": "Kentucky", "LA": "Louisiana", "ME": "Maine", "MD": "Maryland", "MA": "Massachusetts", "MI": "Michigan",
        "MN": "Minnesota", "MS": "Mississippi", "MO": "Missouri", "MT": "Montana", "NE": "Nebraska", "NV": "Nevada",
        "NH": "New Hampshire", "NJ": "New Jersey", "NM": "New Mexico", "NY": "New York", "NC": "North Carolina",
        "ND": "North Dakota", "OH": "Ohio", "OK": "Oklahoma", "OR": "Oregon", "PA": "Pennsylvania",
        "RI": "Rhode Island", "SC": "South Carolina", "SD": "South Dakota", "TN": "Tennessee", "TX": "Texas",
        "UT": "Utah", "VT": "Vermont", "VA": "Virginia", "WA": "Washington", "WV": "West Virginia", "WI": "Wisconsin",
        "WY": "Wyoming", "PR": "Puerto Rico",
    },
    "CA": {
        "AB": "Alberta", "BC": "British Columbia", "MB": "Manitoba", "NB": "New Brunswick",
        "NL": "Newfoundland and Labrador", "NT": "Northwest Territories", "NS": "Nova Scotia", "NU": "Nunavut",
        "ON": "Ontario", "PE": "Prince Edward Island", "QC": "Quebec", "SK": "Saskatchewan", "YT": "Yukon",
    },
    "AU": {
        "ACT": "Australian Capital Territory", "NSW": "New South Wales", "NT": "Northern Territory",
        "QLD": "Queensland", "SA": "South Australia", "TAS": "Tasmania", "VIC": "Victoria", "WA": "Western Australia",
    },
}  # fmt: skip


def country_code(text: str) -> str | None:
    """The two letters of a country that is known by code or by name; None for any other."""
    folded = text.strip().casefold()
    return next((code for code, name in COUNTRIES.items() if folded in (code.casefold(), name.casefold())), None)


def province_code(country: str, text: str) -> str | None:
    """The code of a province by code or name; None where the country has no such province."""
    folded = text.strip().casefold()
    known = PROVINCES.get(country, {})
    return next((code for code, name in known.items() if folded in (code.casefold(), name.casefold())), None)

"""Calendar: what time of the year is it? The same for every customer, told only where each season was seen twice."""

from tiercast.features.declare import Family, Feature, Seen


def declare(seen: Seen) -> list[Feature]:
    """Declare the month and weekday of the cutoff and how near the peaks of retail are."""
    if seen.years < 2:
        return []

    def of_cutoff(name: str, unit: str, meaning: str) -> Feature:
        return Feature(name, "cutoffs", name, unit, meaning, None)

    return [
        of_cutoff("cutoff_month", "month", "month of the cutoff: 1 is January"),
        of_cutoff("cutoff_weekday", "weekday", "weekday of the cutoff: 0 is Monday"),
        of_cutoff("days_until_peak", "days", "days until the next peak of retail"),
        of_cutoff("peaks_28d", "peaks", "peaks of retail in the 28 days from the cutoff on"),
    ]


CALENDAR = Family("calendar", "What time of the year is it?", declare, of_the_day=True)

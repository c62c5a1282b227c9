"""UCI Online Retail: every invoice line of a British gift web shop, December 2010 to December 2011.

What the table does not say, and how it is read here (541,909 lines):

* ``C…`` invoices are returns, with positive amounts; invoices without are purchases, 40 of the lines with a customer at
  a price of zero (gifts).
* A negative quantity without a ``C`` (1,336 lines, all without price and customer) is stock written off, and ``A…``
  invoices (3 lines) are debts written off: both become the kind ``adjustment``, which is no purchase and no revenue.
* Postage, discounts, manual lines, samples, fees and vouchers (1,920 of the lines with a customer) are part of what was
  paid, so they stay purchases and returns; their ``category`` says what they are. All else is ``merchandise``.
* 135,080 lines have no customer: unresolved. 5,225 of the others repeat a line exactly; nobody knows whether the same
  thing was scanned twice, so they are kept and reported (``?duplicates=drop`` rejects them).
* Times are London's.
"""

from tiercast.sources.published import open_published
from tiercast.sources.source import Source

MAP = """
currency = "GBP"
zone = "Europe/London"

[csv]
encoding = "latin-1"

[columns]
customer_id = "CustomerID"
occurred_at = {column = "InvoiceDate", zone = "Europe/London", format = "%m/%d/%Y %H:%M"}
channel = {value = "web"}
order_id = "InvoiceNo"
product_id = "StockCode"
quantity = {column = "Quantity", absolute = true}
amount = {product = ["Quantity", "UnitPrice"], absolute = true}

[columns.kind]
column = "InvoiceNo"
prefixes = {C = "return", A = "adjustment"}
otherwise = {column = "Quantity", negative = "adjustment", otherwise = "purchase"}

[columns.category]
column = "StockCode"
patterns = {"[0-9]{5}.*" = "merchandise"}
prefixes = {DCGS = "merchandise", gift_ = "voucher"}
otherwise = "other"

[columns.category.values]
POST = "postage"
DOT = "postage"
C2 = "postage"
M = "manual"
m = "manual"
D = "discount"
S = "sample"
B = "fee"
"BANK CHARGES" = "fee"
AMAZONFEE = "fee"
CRUK = "fee"
"""
ONLINE_RETAIL = Source(
    "online_retail",
    "UCI Online Retail, a year of a British gift web shop: FILE or FOLDER",
    lambda where: open_published("online_retail", where, MAP),
)

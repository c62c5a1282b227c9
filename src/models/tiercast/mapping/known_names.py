"""Known names: what people call the columns of a table of orders or events, in five languages and seven systems.

Names are compared without capitals, blanks, marks and accents. Earlier ones are better.
"""

from dataclasses import dataclass

COLUMNS: dict[str, tuple[str, ...]] = {
    "customer_id": (
        "customer_id", "customer_unique_id", "customerid", "cust_id", "customer", "customer_number", "customer_no",
        "client_id", "client", "user_id", "userid", "user", "user_pseudo_id", "member_id", "member", "account_id",
        "contact_id", "household_id", "household_key", "person_id", "visitor_id", "shopper_id", "buyer_id", "lead_id",
        "mql_id", "buyer", "customer_email", "billing_email", "email", "consumer_id", "card_id", "loyalty_id",
        "who_id", "kundennummer", "kunden_id", "kunde", "kundennr", "kunden_nr", "debitor", "mitglied", "client_numero",
        "id_client", "numero_client", "code_client", "cliente", "id_cliente", "cliente_id", "codigo_cliente", "usuario",
        "客户编号", "客户id", "客户号", "客户", "会员编号", "会员id", "会员号", "会员", "用户编号", "用户id", "用户", "买家id",
        "买家会员名", "买家", "顾客编号", "顾客id", "顾客",
    ),
    "occurred_at": (
        "occurred_at", "event_timestamp", "event_time", "event_date", "timestamp", "invoice_date", "order_date",
        "order_datetime", "order_time", "ordered_at", "order_purchase_timestamp", "transaction_date",
        "transaction_datetime", "transaction_time", "transaction_timestamp", "purchase_date", "purchased_at",
        "sale_date", "date_created_gmt", "date_created", "created_at", "processed_at", "close_date", "closed_date",
        "created_date", "first_contact_date", "visit_date", "date_time", "datetime", "ts", "date", "time", "day",
        "occurred", "bestelldatum", "rechnungsdatum", "kaufdatum", "belegdatum", "buchungsdatum", "datum", "zeitpunkt",
        "zeit", "date_commande", "date_de_commande", "date_achat", "date_facture", "horodatage", "fecha",
        "fecha_pedido", "fecha_compra", "fecha_factura", "fecha_venta", "下单时间", "订单时间", "付款时间", "支付时间",
        "购买时间", "交易时间",
        "订单付款时间", "订单创建时间", "发生时间", "下单日期", "订单日期", "交易日期", "购买日期", "时间", "日期",
    ),
    "known_at": (
        "known_at", "loaded_at", "ingested_at", "imported_at", "load_date", "load_time", "recorded_at", "inserted_at",
        "processed_date", "received_at", "etl_date", "ladedatum", "erfasst_am", "date_chargement", "fecha_carga",
        "入库时间", "录入时间", "采集时间",
    ),
    "kind": (
        "kind", "event_type", "event_name", "event", "action", "activity", "activity_type", "action_type", "interaction",
        "interaction_type", "touchpoint", "touchpoint_type", "transaction_type", "order_type", "type", "behavior_type",
        "behaviour", "stage_name", "ereignis", "ereignistyp", "vorgang", "aktion", "evenement", "type_evenement",
        "evento", "tipo_evento", "tipo", "accion", "事件类型", "事件", "行为类型", "行为", "类型", "触点", "操作",
    ),
    "channel": (
        "channel", "sales_channel", "order_channel", "marketing_channel", "traffic_source_medium", "medium", "origin",
        "lead_source", "source_name", "utm_medium", "platform", "touchpoint_channel", "source", "kanal",
        "vertriebskanal", "verkaufskanal", "canal", "canal_de_vente", "canal_venta", "渠道", "销售渠道", "来源", "平台",
        "触点渠道",
    ),
    "event_id": (
        "event_id", "row_id", "line_id", "order_item_id", "item_id", "line_item_id", "transaction_line_id", "事件id",
        "明细id", "流水号",
    ),
    "order_id": (
        "order_id", "order_number", "order_no", "increment_id", "invoice_no", "invoice_number", "invoice_id", "invoice",
        "transaction_id", "basket_id", "receipt_id", "receipt_no", "ticket_id", "order", "opportunity_id",
        "bestellnummer", "bestell_nr", "auftragsnummer", "rechnungsnummer", "rechnungsnr", "belegnummer", "bon_nr",
        "numero_commande", "commande", "numero_facture", "id_commande", "pedido", "numero_pedido", "id_pedido",
        "factura", "numero_factura", "订单编号", "订单号", "订单id", "交易号", "小票号", "主订单编号",
    ),
    "store_id": (
        "store_id", "store", "store_no", "store_nbr", "shop_id", "branch_id", "branch", "outlet_id", "location_id",
        "filiale", "filial_nr", "magasin", "tienda", "sucursal", "门店编号", "门店id", "门店", "店铺", "店铺id",
    ),
    "product_id": (
        "product_id", "sku", "stock_code", "item_code", "article_id", "lineitem_sku", "product_code", "product",
        "item_number", "asin", "artikelnummer", "artikelnr", "artikel", "produkt", "reference", "code_produit",
        "produit", "id_produit", "producto", "id_producto", "codigo_producto", "articulo", "商品编号", "商品id",
        "商品编码", "商品代码", "商品", "产品编号", "产品id", "货号",
    ),
    "category": (
        "category", "product_category", "product_category_name", "category_name", "department", "product_type",
        "commodity", "item_category", "kategorie", "warengruppe", "produktgruppe", "categorie", "rayon", "famille",
        "categoria", "familia", "品类", "类目", "商品类别", "商品分类", "类别", "分类",
    ),
    "quantity": (
        "quantity", "qty", "qty_ordered", "product_qty", "lineitem_quantity", "item_quantity", "units", "num_items_sold",
        "no_of_items", "menge", "anzahl", "stueckzahl", "stuckzahl", "stueck", "quantite", "qte", "nombre", "cantidad",
        "unidades", "数量", "购买数量", "商品数量", "件数",
    ),
    "amount": (
        "amount", "line_total", "row_total", "line_amount", "sales_value", "net_amount", "product_net_revenue",
        "net_revenue", "purchase_revenue", "ecommerce_purchase_revenue", "revenue", "sales_amount", "sales", "spend",
        "total_amount", "order_total", "grand_total", "total_sales", "net_total", "payment_value", "total_price",
        "order_value", "transaction_amount", "total", "net_value", "betrag", "nettobetrag", "gesamtbetrag",
        "umsatz", "gesamtpreis", "summe", "montant", "montant_total", "montant_ttc", "chiffre_affaires", "importe",
        "importe_total", "monto", "ventas", "金额", "实付金额", "支付金额", "订单金额", "销售额", "消费金额", "总金额",
        "实际支付金额",
        "买家实际支付金额", "付款金额", "成交金额",
    ),
    "unit_price": (
        "unit_price", "price", "lineitem_price", "item_price", "price_per_unit", "product_price", "selling_price",
        "einzelpreis", "stueckpreis", "stuckpreis", "preis", "prix_unitaire", "prix", "precio_unitario", "precio", "单价",
        "价格", "商品单价",
    ),
    "discount": (
        "discount", "discount_amount", "lineitem_discount", "total_discount", "rabatt", "rabattbetrag", "nachlass",
        "remise", "descuento", "折扣", "优惠金额", "折扣金额",
    ),
    "unit_cost": ("unit_cost", "cost_per_unit", "cost_price", "einkaufspreis", "cout_unitaire", "coste_unitario", "成本价"),
    "currency": (
        "currency", "currency_code", "base_currency_code", "order_currency_code", "currency_iso_code", "waehrung",
        "wahrung", "devise", "moneda", "divisa", "币种", "货币",
    ),
    "campaign_id": ("campaign_id", "campaign", "utm_campaign", "kampagne", "campagne", "campana", "活动id", "活动编号", "活动"),
    "rating": ("rating", "review_score", "stars", "nps_score", "bewertung", "sterne", "puntuacion", "评分"),
    "order_status": (
        "order_status", "financial_status", "status", "payment_status", "state", "bestellstatus", "auftragsstatus",
        "statut", "statut_commande", "estado", "estado_pedido", "订单状态", "交易状态", "状态",
    ),
}  # fmt: skip
"""``unit_price`` and ``order_status`` are no columns of the contract: others are made from them."""


@dataclass(frozen=True)
class KnownTable:
    """A table that many have: the columns by which it is recognised, and what its columns are for.

    ``picks`` names the table's column for a column of the contract, where its own name would mislead.
    """

    name: str
    has: tuple[str, ...]
    picks: dict[str, str]
    channel: str = ""
    currency: str = ""
    zone: str = ""
    leaves_out: tuple[str, ...] = ()


TABLES: tuple[KnownTable, ...] = (
    KnownTable(
        "orders exported from Shopify",
        ("Lineitem quantity", "Lineitem price", "Financial Status"),
        {
            "customer_id": "Email",
            "occurred_at": "Created at",
            "order_id": "Name",
            "quantity": "Lineitem quantity",
            "unit_price": "Lineitem price",
            "discount": "Lineitem discount",
            "product_id": "Lineitem sku",
        },
        channel="web",
        leaves_out=("amount", "order_status", "kind", "channel"),
    ),
    KnownTable(
        "order lines of WooCommerce",
        ("order_item_id", "product_qty", "product_net_revenue"),
        {"event_id": "order_item_id", "amount": "product_net_revenue", "occurred_at": "date_created"},
        channel="web",
    ),
    KnownTable(
        "orders of WooCommerce",
        ("num_items_sold", "total_sales", "net_total"),
        {"amount": "net_total", "occurred_at": "date_created_gmt", "quantity": "num_items_sold"},
        channel="web",
    ),
    KnownTable(
        "orders of Magento",
        ("increment_id", "grand_total", "base_grand_total"),
        {"order_id": "increment_id", "amount": "grand_total", "occurred_at": "created_at"},
        channel="web",
    ),
    KnownTable(
        "orders of Olist",
        ("order_purchase_timestamp", "order_status", "customer_id"),
        {"occurred_at": "order_purchase_timestamp"},
        channel="marketplace",
    ),
    KnownTable(
        "UCI Online Retail",
        ("InvoiceNo", "StockCode", "Quantity", "UnitPrice", "CustomerID"),
        {"order_id": "InvoiceNo", "product_id": "StockCode"},
        channel="web",
        currency="GBP",
        zone="Europe/London",
    ),
    KnownTable(
        "events of Google Analytics 4",
        ("event_name", "event_timestamp", "user_pseudo_id"),
        {"customer_id": "user_pseudo_id", "occurred_at": "event_timestamp", "kind": "event_name"},
        channel="web",
    ),
    KnownTable(
        "opportunities of Salesforce",
        ("StageName", "CloseDate", "AccountId"),
        {"customer_id": "AccountId", "occurred_at": "CloseDate", "kind": "StageName", "order_id": "Id", "channel": "LeadSource"},
        channel="face_to_face",
    ),
)  # fmt: skip

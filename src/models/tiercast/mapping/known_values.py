"""Known values: what people write for a purchase, a visit or the web shop, in five languages and seven systems."""

KIND_WORDS: dict[str, tuple[str, ...]] = {
    "purchase": (
        "purchase", "purchased", "buy", "bought", "order", "ordered", "sale", "sales", "sold", "transaction",
        "in_app_purchase", "deal_won", "closed won", "won", "kauf", "bestellung", "verkauf", "achat", "commande", "vente",
        "compra", "pedido", "venta", "购买", "下单", "成交", "订单", "消费", "付款购买",
    ),
    "return": (
        "return", "returned", "refund", "refunded", "credit", "credit note", "credit memo", "reversal", "retoure",
        "rueckgabe", "ruckgabe", "erstattung", "gutschrift", "retour", "remboursement", "avoir", "devolucion",
        "reembolso", "退货", "退款", "退单",
    ),
    "visit": (
        "visit", "visited", "session_start", "first_visit", "session", "page_view", "pageview", "website visit", "login",
        "besuch", "visite", "visita", "访问", "浏览网页", "登录",
    ),
    "view": (
        "view", "viewed", "view_item", "product_view", "view_item_list", "select_item", "pv", "detail", "ansicht",
        "aufruf", "vue", "consultation", "vista", "浏览", "点击", "查看",
    ),
    "search": ("search", "view_search_results", "suche", "recherche", "busqueda", "搜索"),
    "cart": (
        "cart", "add_to_cart", "addtocart", "basket", "view_cart", "warenkorb", "panier", "carrito", "加购", "加入购物车",
        "购物车",
    ),
    "checkout": ("checkout", "begin_checkout", "add_payment_info", "add_shipping_info", "kasse", "结算"),
    "wishlist": ("wishlist", "add_to_wishlist", "fav", "favorite", "favourite", "merkliste", "favoris", "收藏"),
    "enquiry": (
        "enquiry", "inquiry", "lead", "generate_lead", "contact", "request", "prospecting", "qualification", "anfrage",
        "demande", "consulta", "咨询", "询价", "留资",
    ),
    "quote": ("quote", "proposal", "offer", "proposal/price quote", "angebot", "devis", "presupuesto", "cotizacion", "报价"),
    "payment": ("payment", "paid", "zahlung", "paiement", "pago", "支付"),
    "contract": ("contract", "vertrag", "contrat", "contrato", "签约", "合同"),
    "email_send": ("email_send", "email_sent", "sent", "email sent", "mail sent", "delivered email", "发送邮件"),
    "email_open": ("email_open", "email_opened", "opened", "open", "email opened", "打开邮件"),
    "email_click": ("email_click", "email_clicked", "clicked", "email clicked", "点击邮件"),
    "sms_send": ("sms_send", "sms_sent", "sms", "短信", "发送短信"),
    "call_out": ("call_out", "outbound call", "phone call", "外呼"),
    "mailing": ("mailing", "direct mail", "catalog", "catalogue", "直邮"),
    "exposure": ("exposure", "impression", "ad_impression", "曝光"),
    "app_push": ("app_push", "push", "push_notification", "推送"),
    "support": ("support", "ticket", "support_ticket", "客服", "售后"),
    "complaint": ("complaint", "beschwerde", "reklamation", "reclamation", "queja", "投诉"),
    "review": ("review", "rating", "bewertung", "avis", "resena", "评价", "评论"),
    "survey": ("survey", "nps", "csat", "umfrage", "enquete", "encuesta", "问卷"),
    "enrol": ("enrol", "enroll", "enrolled", "sign_up", "signup", "register", "registration", "registrierung", "注册", "入会"),
    "share": ("share", "shared", "teilen", "partage", "分享", "转发"),
    "coupon_claim": ("coupon_claim", "claim", "领券", "领取优惠券"),
    "coupon_redemption": ("coupon_redemption", "coupon_redeem", "redeem", "核销", "用券"),
    "check_in": ("check_in", "checkin", "签到"),
}  # fmt: skip

CHANNEL_WORDS: dict[str, tuple[str, ...]] = {
    "web": (
        "web", "online", "website", "webshop", "ecommerce", "e-commerce", "internet", "onlineshop", "desktop", "direct",
        "direct traffic", "site", "site web", "en ligne", "sitio web", "tienda online", "线上", "官网", "网站", "网店", "电商",
    ),
    "app": ("app", "mobile app", "ios", "android", "application", "手机app", "移动端"),
    "store": (
        "store", "in-store", "instore", "offline", "retail", "shop", "physical", "filiale", "laden", "magasin", "boutique",
        "tienda", "sucursal", "门店", "线下", "实体店", "店铺",
    ),
    "pos": ("pos", "point of sale", "kasse", "caisse", "caja", "收银"),
    "email": ("email", "e-mail", "mail", "newsletter", "邮件"),
    "sms": ("sms", "text", "短信"),
    "call_center": ("call_center", "call center", "phone", "telephone", "telefon", "telefono", "hotline", "电话", "客服"),
    "direct_mail": ("direct_mail", "direct mail", "catalog", "catalogue", "post", "katalog", "直邮"),
    "marketplace": ("marketplace", "amazon", "ebay", "zalando", "tmall", "taobao", "jd", "天猫", "淘宝", "京东", "拼多多"),
    "search_ads": ("search_ads", "paid search", "paid_search", "cpc", "ppc", "sem", "adwords", "google ads", "搜索广告"),
    "seo": ("seo", "organic", "organic search", "organic_search", "自然搜索"),
    "display": ("display", "banner", "cpm", "展示广告"),
    "social": ("social", "social media", "facebook", "instagram", "tiktok", "twitter", "linkedin", "paid social", "社交"),
    "wechat": ("wechat", "weixin", "mini program", "微信", "小程序", "公众号"),
    "weibo": ("weibo", "微博"),
    "douyin": ("douyin", "抖音"),
    "livestream": ("livestream", "live", "直播"),
    "tv": ("tv", "television", "fernsehen", "电视"),
    "radio": ("radio", "广播"),
    "distributor": ("distributor", "wholesale", "reseller", "partner", "haendler", "经销商"),
    "face_to_face": ("face_to_face", "sales rep", "field sales", "aussendienst", "面谈"),
}  # fmt: skip

PLACED = (
    "completed", "complete", "processing", "paid", "shipped", "delivered", "fulfilled", "invoiced", "approved", "closed",
    "wc-completed", "wc-processing", "bezahlt", "abgeschlossen", "versendet", "geliefert", "payee", "livree", "expediee",
    "terminee", "pagado", "enviado", "entregado", "completado", "已完成", "已付款", "已发货", "交易成功", "已收货",
)  # fmt: skip
FELL_THROUGH = (
    "cancelled", "canceled", "cancel", "voided", "failed", "expired", "declined", "abandoned", "unavailable", "trash",
    "wc-cancelled", "wc-failed", "wc-trash", "storniert", "abgebrochen", "annulee", "annule", "cancelado", "anulado",
    "已取消", "交易关闭", "已关闭", "取消",
)  # fmt: skip


def meaning_of(words: dict[str, tuple[str, ...]], value: str) -> str:
    """Return what a value means, or nothing when nobody has told.

    Examples
    --------
    >>> meaning_of(KIND_WORDS, "Add_To_Cart"), meaning_of(CHANNEL_WORDS, "线上"), meaning_of(KIND_WORDS, "sniff")
    ('cart', 'web', '')
    """
    plain = value.strip().casefold()
    for meaning, known in words.items():
        if (
            plain == meaning
            or plain in known
            or plain.replace(" ", "_") in known
            or plain.replace("-", "_") in known
        ):
            return meaning
    return ""

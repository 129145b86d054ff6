"""The names that exports in several languages give the usual columns."""

import pytest

from pipelines.drafting.names import entity_names, question_of

ORDERS = {
    "order_id": (
        "Bonnummer,Bon-Nr.,Belegnummer,Beleg-Nr.,Bestell-Nr.,Auftragsnummer,Rechnungsnr.,Transaktions-ID"
        ",Numéro de commande,N° commande,N° de commande,Réf. commande,Numéro de ticket,Número de pedido"
        ",Nº de pedido,Nº pedido,ID pedido,Numero ordine,N. ordine,ID ordine,Bestelnummer,Ordernummer"
        ",Factuurnummer,注文番号,受注番号,伝票番号,订单号,订单编号,Sale ID"
    ),
    "customer_ref": (
        "Kundennr.,Kundennummer,Kunden-ID,Kd-Nr.,Numéro client,N° client,Code client,Código de cliente"
        ",Nº cliente,Codice cliente,Klantnummer,顧客番号,会員番号,会員ID,客户编号,买家昵称"
    ),
    "email": (
        "E-Mail-Adresse,Adresse e-mail,Adresse électronique,Correo electrónico,Indirizzo e-mail"
        ",E-mailadres,メールアドレス,注文者メールアドレス,邮箱,E-Mail (Rechnung)"
    ),
    "phone": (
        "Telefonnummer,Mobilnummer,Numéro de téléphone,Téléphone portable,Teléfono móvil"
        ",Numero di telefono,Cellulare,Telefoonnummer,電話番号,手机号,买家手机号"
    ),
    "ordered_at": (
        "Angelegt am,Erstellt am,Bestelldatum,Belegdatum,Créé le,Créée le,Date de création"
        ",Date de la commande,Creado el,Fecha del pedido,Data ordine,Creato il,Data,Besteldatum"
        ",Aangemaakt op,注文日時,注文日,受注日,作成日時,下单时间,订单创建时间,orderDateTime,ordertime"
    ),
    "total": (
        "Bestellsumme,Gesamtbetrag,Rechnungsbetrag,Zahlbetrag,Total de la commande,Montant payé"
        ",Total del pedido,Importe total,Totale ordine,Importo totale,Totaalbedrag,Totaal,合計金額"
        ",請求金額,订单实付金额,实付金额,invoice_amount"
    ),
    "currency": "Währung,Devise,Moneda,Divisa,Valuta,通貨,币种",
    "status": (
        "Bestellstatus,État,Statut de la commande,Estado del pedido,Stato ordine,Bestelstatus,注文ステータス,订单状态"
    ),
    "shipping": "Versandkosten,Frais de livraison,Gastos de envío,Spese di spedizione,Verzendkosten,送料,运费",
    "tax": "MwSt.-Betrag,Montant TVA,Importe IVA,Importo IVA,BTW-bedrag,消費税,税额",
}
LINES = {
    "product_id": (
        "Artikelnummer,Artikel-Nr.,Produktnummer,Référence produit,Code article,UGS"
        ",Referencia del producto,Código de artículo,Codice articolo,Codice prodotto,Artikelcode"
        ",商品番号,商品コード,商品管理番号,商品编码,规格编码,articleordernumber"
    ),
    "quantity": "Menge,Anzahl,Stückzahl,Quantité,Qté,Cantidad,Unidades,Quantità,Qta,Aantal,数量,個数,商品数量",
    "unit_price": (
        "Einzelpreis,Stückpreis,VK Netto,Prix unitaire,PU HT,Precio unitario,Prezzo unitario,Stuksprijs"
        ",Prijs per stuk,単価,販売価格,单价,商品单价"
    ),
}
POINTS = {
    "points": (
        "Punkte,Gesammelte Punkte,Eingelöste Punkte,Points gagnés,Points utilisés,Puntos ganados"
        ",Puntos canjeados,Punti guadagnati,Gespaarde punten,獲得ポイント,利用ポイント,获得积分,使用积分"
        ",Points earned,Points redeemed"
    ),
}
ANSWERS = {
    "answer_number": (
        "Sterne,Bewertung,Note,Nombre d'étoiles,Puntuación,Valoración,Estrellas,Voto,Valutazione,Stelle"
        ",Beoordeling,Sterren,評価,星级,评分,Review Stars"
    ),
    "answer_text": (
        "Kommentar,Bewertungstext,Commentaire,Comentario,Reseña,Commento,Recensione,Opmerking"
        ",Toelichting,コメント,レビュー,评论内容,Review Content"
    ),
}
CASES = [
    (entity, column, name)
    for entity, columns in (
        ("orders", ORDERS),
        ("order_lines", LINES),
        ("loyalty_events", POINTS),
        ("survey_answers", ANSWERS),
    )
    for column, names in columns.items()
    for name in names.split(",")
]


@pytest.mark.parametrize(("entity", "column", "name"), CASES)
def test_a_name_means_one_column(entity: str, column: str, name: str) -> None:
    names = entity_names()[entity]
    ranks = {one: rank for one in names.columns if (rank := names.rank(one, name)) is not None}
    assert ranks and min(ranks, key=lambda one: ranks[one]) == column


@pytest.mark.parametrize(
    "name",
    [
        "Points Balance",
        "Punktestand",
        "Solde de points",
        "Saldo puntos",
        "Saldo punti",
        "ポイント残高",
        "积分余额",
        "当前积分",
    ],
)
def test_a_balance_of_points_is_not_read_as_points_of_an_event(name: str) -> None:
    names = entity_names()["loyalty_events"]
    assert [one for one in names.columns if names.rank(one, name) is not None] == []


@pytest.mark.parametrize("name", ["Steuersatz", "MwSt.-Satz", "Taux de TVA", "Aliquota IVA", "BTW-tarief", "税率"])
def test_a_rate_of_tax_is_not_read_as_tax(name: str) -> None:
    assert entity_names()["order_lines"].rank("tax", name) is None


@pytest.mark.parametrize(
    ("name", "construct"),
    [
        ("Wie zufrieden sind Sie?", "csat"),
        ("Quanto è soddisfatto?", "csat"),
        ("Hoe tevreden bent u?", "csat"),
        ("満足度", "csat"),
        ("Ci consiglieresti?", "nps"),
        ("Zou je ons aanbevelen?", "nps"),
        ("Nombre d'étoiles", "review"),
        ("総合評価", "review"),
        ("Datum", None),
    ],
)
def test_the_words_of_questions(name: str, construct: str | None) -> None:
    found = question_of(name)
    assert (found.construct if found else None) == construct

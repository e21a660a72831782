"""The tables the systems deliver: their columns in file order, and what each column holds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """A table of a source system; ``columns`` maps name to id, text, code, number, flag or time."""

    source: str
    name: str
    format: str
    columns: dict[str, str]
    is_full_extract: bool = False

    @property
    def full_name(self) -> str:
        """``source.table``."""
        return f"{self.source}.{self.name}"

    @property
    def header(self) -> str:
        """The CSV header line."""
        return ",".join(self.columns)

    def columns_of(self, *kinds: str) -> list[str]:
        """Names of the columns of these kinds, in file order."""
        return [name for name, kind in self.columns.items() if kind in kinds]


def _columns(text: str) -> dict[str, str]:
    return dict(part.split(":") for part in text.split())


CUSTOMERS = Table(
    "shop",
    "customers",
    "csv",
    _columns(
        "customer_id:id full_name:text email:text phone:text country_code:code city:text "
        "customer_type:code birth_year:number is_marketing_opt_in:flag signed_up_at:time"
    ),
    is_full_extract=True,
)
PRODUCTS = Table(
    "shop",
    "products",
    "csv",
    _columns(
        "product_id:id product_name:text category:code list_price_cents:number "
        "unit_cost_cents:number is_discontinued:flag launched_date:time"
    ),
    is_full_extract=True,
)
STORES = Table(
    "shop",
    "stores",
    "csv",
    _columns(
        "store_id:id store_name:text channel:code country_code:code city:text opened_date:time"
    ),
    is_full_extract=True,
)
ORDERS = Table(
    "shop",
    "orders",
    "csv",
    _columns(
        "order_id:id customer_id:id store_id:code status:code payment_method:code "
        "currency:code ordered_at:time"
    ),
)
ORDER_ITEMS = Table(
    "shop",
    "order_items",
    "csv",
    _columns(
        "order_id:id product_id:code line_number:number quantity:number "
        "unit_price_cents:number discount_cents:number"
    ),
)
RETURNS = Table(
    "shop",
    "returns",
    "csv",
    _columns(
        "return_id:id order_id:id reason:code line_number:number quantity:number "
        "refund_cents:number returned_at:time"
    ),
)
SUBSCRIPTIONS = Table(
    "plans",
    "subscriptions",
    "csv",
    _columns(
        "subscription_id:id customer_id:id product_id:code plan_tier:code "
        "monthly_price_cents:number started_at:time"
    ),
)
CANCELLATIONS = Table(
    "plans",
    "cancellations",
    "csv",
    _columns("subscription_id:id reason:code cancelled_at:time"),
)
INVENTORY = Table(
    "supply",
    "inventory_snapshots",
    "parquet",
    _columns(
        "store_id:code product_id:code on_hand_quantity:number reserved_quantity:number "
        "snapshot_date:time"
    ),
)
PURCHASE_ORDERS = Table(
    "supply",
    "purchase_orders",
    "json",
    _columns(
        "purchase_order_id:id supplier_name:text status:code lines:text ordered_at:time "
        "expected_date:time received_at:text"
    ),
)
EVENTS = Table(
    "app",
    "events",
    "jsonl",
    _columns(
        "event_id:id customer_id:id session_id:id platform:code task:code event_name:code "
        "seconds:number occurred_at:time"
    ),
)
CALLS = Table(
    "support",
    "calls",
    "jsonl",
    _columns(
        "call_id:id customer_id:id agent_id:id topic:code transcript:text "
        "duration_seconds:number satisfaction_rating:number is_resolved:flag started_at:time"
    ),
)
REPAIRS = Table(
    "repairs",
    "requests",
    "csv",
    _columns(
        "repair_id:id customer_id:id product_id:code photo_file:text reported_issue:text "
        "damage_grade:number requested_at:time"
    ),
)
PHOTOS = Table("repairs", "photos", "png", {})
CONSENTS = Table(
    "privacy",
    "consents",
    "csv",
    _columns("customer_id:id purpose:code is_granted:flag recorded_at:time"),
)
TABLES = (
    CUSTOMERS,
    PRODUCTS,
    STORES,
    ORDERS,
    ORDER_ITEMS,
    RETURNS,
    SUBSCRIPTIONS,
    CANCELLATIONS,
    INVENTORY,
    PURCHASE_ORDERS,
    EVENTS,
    CALLS,
    REPAIRS,
    PHOTOS,
    CONSENTS,
)

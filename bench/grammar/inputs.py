"""Synthetic programs for the grammar's figures: the same text for the same arguments, every time."""

UNIT = '''\
/** Totals of the orders of one customer, number {n}. */
pub fn order_total_{n}(orders: list<Order>, rate: float = 0.2, ...extra) -> float | nil {{
  var total = 0.0
  let names = ["alpha", "beta", "gamma-{n}", r"raw\\d+"]
  for order in orders {{
    // Cancelled orders count for nothing.
    if order.state == "cancelled" || order?.lines?.count() == 0 {{
      continue
    }} else if order.total > {n} && !order.paid {{
      total += order.total * (1 + rate) - order.discount ?? 0
    }} else {{
      log("order ${{order.id}} of ${{names[{m}]}}: ${{format_money(order.total, {{digits: 2}})}}")
    }}
  }}
  let summary = orders
    |> filter({{ o -> o.paid }})
    |> map({{ o: Order -> {{id: o.id, total: o.total ** 2, late: o.age > 30d ? "late" : "fine"}} }})
  match summary.kind {{
    "open" | "new" -> {{ return total }}
    {{kind: "closed", id: id}} if id > {n} -> {{
      throw "closed: " + to_string(id)
    }}
    _ -> {{ total = total + 1 }}
  }}
  return try {{ settle_{n}(summary[1:3], fn(x) {{ return x?.value }}) }} catch (e: Error) {{ nil }}
}}

struct Order{n} {{
  id: string
  lines: list<{{sku: string, count?: int}}>
  state: "open" | "closed" | nil
}}

pipeline nightly_{n}(task) extends base {{
  let settled = parallel settle customers with {{ max_concurrent: 4 }} {{ c ->
    retry 3 {{ fetch_orders(c, Point {{x: {n}, y: -1}}) }}
  }}
  defer {{ close(channel) }}
  guard settled.ok else {{ return }}
  select {{
    msg from channel {{ handle(msg, """
      first line ${{msg.id}}
      second line
    """) }}
    timeout 250ms {{ log("nothing") }}
  }}
}}

'''


def program(lines):
    """A program of at least `lines` lines, realistic in its mixture of constructs."""
    parts = []
    count = 0
    number = 0
    while count < lines:
        part = UNIT.format(n=number, m=number % 4)
        parts.append(part)
        count += part.count("\n")
        number += 1
    return "".join(parts)

"""What a reader does on the page, in a real browser: no network, no console errors, every layer one click away."""

import pytest

FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
FILL_IN = "(() => { const field = document.querySelector('%s'); field.value = '%s'; field.dispatchEvent(new Event('%s')) })()"


@pytest.mark.parametrize("name", ["index.html", "org-payments.html"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_opens_without_errors_and_without_the_network(browser, pages, name, scheme):
    browser.problems.clear()
    browser.open(pages / name, scheme=scheme)
    assert browser.run("document.querySelectorAll('.chart svg').length") > 0
    assert browser.problems == []


@pytest.mark.parametrize("layer", ["finance", "managers", "platform", "data"])
def test_each_layer_is_one_click_away(browser, pages, layer):
    browser.open(pages / "index.html")
    browser.run("document.documentElement.style.scrollBehavior = 'auto'")
    browser.run(f"document.querySelector('nav a[href=\"#{layer}\"]').click()")
    browser.run(FRAMES)
    top = browser.run(f"document.querySelector('#{layer} h2').getBoundingClientRect().top")
    assert 0 <= top < 900


@pytest.mark.parametrize("width", [380, 390, 768, 1280])
@pytest.mark.parametrize("name", ["index.html", "org-payments.html"])
def test_nothing_sticks_out_of_the_window(browser, pages, name, width):
    browser.open(pages / name, width=width)
    assert browser.run("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("name", ["index.html", "org-payments.html", "squad-payments--checkout.html"])
def test_on_a_telephone_no_table_scrolls_sideways(browser, pages, name):
    browser.open(pages / name, width=390)
    browser.run("for (const part of document.querySelectorAll('details')) part.open = true")
    wide = "[...document.querySelectorAll('.scroll')].filter(s => s.scrollWidth > s.clientWidth + 1)"
    assert browser.run(wide + ".map(s => s.closest('section[id]').id)") == []


def test_on_a_telephone_each_figure_says_its_column(browser, pages):
    browser.open(pages / "index.html", width=390)
    row = "document.querySelector('#organisations .data tbody tr')"
    assert browser.run("getComputedStyle(document.querySelector('#organisations thead')).display") == "none"
    assert browser.run(f"[...{row}.cells].map(c => c.dataset.name ?? '')") == [
        "", "People", "Copilot", "Claude", "Cursor", "Custom agents",
    ]
    assert browser.run(f"getComputedStyle({row}.cells[2], '::before').content") == '"Copilot"'


def test_the_keyboard_begins_at_a_visible_link_past_the_head(browser, pages):
    browser.open(pages / "index.html")
    for kind in ("keyDown", "keyUp"):
        browser.call("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
    focused = "document.activeElement"
    assert browser.run(focused + ".textContent") == "Skip to the figures"
    assert browser.run(focused + ".getBoundingClientRect().left") >= 0
    assert browser.run(f"getComputedStyle({focused}).outlineStyle") == "solid"


def test_a_chart_has_a_form_for_narrow_screens(browser, pages):
    shown = "[...document.querySelectorAll('#months .chart > div')].map(d => getComputedStyle(d).display)"
    browser.open(pages / "index.html", width=1280)
    assert browser.run(shown) == ["block", "none"]
    browser.open(pages / "index.html", width=390)
    assert browser.run(shown) == ["none", "block"]


def test_dark_mode_repaints_the_charts(browser, pages):
    color = "getComputedStyle(document.querySelector('#months .chart [fill=\"#0b5cad\"]')).fill"
    browser.open(pages / "index.html", scheme="light")
    assert browser.run(color) == "rgb(11, 92, 173)"
    browser.open(pages / "index.html", scheme="dark")
    assert browser.run(color) == "rgb(106, 169, 236)"


@pytest.mark.parametrize(("scheme", "accent"), [("light", "rgb(184, 92, 0)"), ("dark", "rgb(232, 146, 74)")])
def test_words_in_a_chart_have_the_vendors_full_tone_and_not_the_faint_one(browser, pages, scheme, accent):
    browser.open(pages / "index.html", scheme=scheme)
    words = "[...document.querySelectorAll('.chart text')].filter(t => t.textContent === 'On-demand')"
    assert set(browser.run(words + ".map(t => getComputedStyle(t).fill)")) == {accent}


FOLDS = "[...document.querySelectorAll('details.fold')]"


@pytest.mark.parametrize(("name", "scroll"), [("index.html", 7), ("org-payments.html", 4), ("squad-payments--checkout.html", 4)])
def test_on_a_telephone_a_page_is_a_few_screens_of_figures_and_headings(browser, pages, name, scroll):
    browser.open(pages / name, width=390)
    assert browser.run("document.documentElement.scrollHeight") < scroll * 900
    assert browser.run("document.querySelector('#look details.fold, details.fold #look')") is None
    parts = "[...document.querySelectorAll('section.block:not(#look)')]"
    assert browser.run(parts + ".every(part => part.querySelector(':scope > details.fold > summary h3'))") is True


def test_on_a_telephone_a_part_opens_from_the_keyboard_by_a_link_and_for_paper(browser, pages):
    browser.open(pages / "index.html", "#workflows", width=390)
    assert browser.run(FOLDS + ".filter(part => part.open).map(part => part.parentElement.id)") == ["workflows"]
    browser.run("document.querySelector('#keys summary').focus()")
    for kind in ("rawKeyDown", "char", "keyUp"):
        browser.call("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", text="\r", windowsVirtualKeyCode=13)
    assert browser.run("document.querySelector('#keys > details').open") is True
    browser.call("Page.printToPDF")
    assert browser.run(FOLDS + ".every(part => part.open)") is True


def test_without_scripts_and_on_a_wide_screen_nothing_is_folded(browser, pages):
    for options in ({"scripts": False, "width": 390}, {"width": 1280}):
        browser.open(pages / "index.html", **options)
        assert browser.run(FOLDS) == []


def test_on_a_telephone_the_name_of_a_workload_is_not_squeezed(browser, pages):
    browser.open(pages / "index.html", "#audit", width=390)
    assert browser.run("document.querySelector('#audit .rows > tbody > tr > td').getBoundingClientRect().width") >= 200


@pytest.mark.parametrize("key", ["Enter", " "])
def test_a_table_is_sorted_from_the_keyboard(browser, pages, key):
    browser.open(pages / "index.html")
    head = "document.querySelector('#audit th')"
    browser.run(head + ".focus()")
    browser.run(f"{head}.dispatchEvent(new KeyboardEvent('keydown', {{key: '{key}', cancelable: true}}))")
    assert browser.run(head + ".getAttribute('aria-sort')") == "descending"
    assert browser.run("document.activeElement === " + head) is True


def test_a_persons_days_open_on_the_name(browser, pages):
    browser.open(pages / "org-payments.html")
    height = "document.querySelector('#person-P1 .more').getBoundingClientRect().height"
    assert browser.run(height) == 0
    browser.run("document.querySelector('#person-P1 summary').click()")
    assert browser.run(height) > 100


@pytest.mark.parametrize("scripts", [True, False])
def test_a_link_to_a_person_opens_the_persons_days(browser, pages, scripts):
    browser.open(pages / "org-payments.html", "#person-P2", scripts=scripts)
    assert browser.run("document.querySelector('#person-P2 .more').getBoundingClientRect().height") > 100


def test_a_figure_leads_to_its_rows_in_one_click(browser, pages):
    browser.open(pages / "index.html")
    browser.run("document.querySelector('a[href=\"#lines-cursor-2026-11-01\"]').click()")
    browser.run(FRAMES)
    assert browser.run("document.getElementById('lines-cursor-2026-11-01').closest('details').open") is True


#: Figures that do not lead, from their row, their table's head or their part of the page, to rows with a price.
UNTRACED = r"""
(() => {
  const priced = (node) => node && (/Price/.test(node.textContent) || node.closest(".behind"));
  const target = (link) => document.getElementById(decodeURIComponent(link.getAttribute("href").slice(1)));
  const reaches = (link) => priced(target(link)?.closest(".behind") ?? target(link)?.querySelector(".behind"));
  const leads = (scope) => scope && [...scope.querySelectorAll('a[href^="#"], a[href$=".html"]')].some(
    (link) => link.getAttribute("href").endsWith(".html") || reaches(link));
  const kinds = "td.n, .hero, .sub, .money, .sums, .arrows b, .factors, .mini td";
  return [...document.querySelectorAll("main :is(" + kinds + ")")].filter((figure) => {
    if (!/\d/.test(figure.textContent) || figure.closest(".behind")) return false;
    const [row, part] = [figure.closest("tbody[id]") ?? figure.closest("tr, li, p"), figure.closest("article, section.block")];
    return ![row, figure.closest("table")?.tHead, figure.closest("article"), ...part.querySelectorAll(":scope > p")].some(leads)
      && !priced(row?.querySelector(".behind")) && !priced(part.querySelector(":scope > .behind, :scope > details > .behind"));
  }).map((figure) => `${figure.closest("section[id]").id}: ${figure.textContent.trim()}`);
})()
"""


@pytest.mark.parametrize("name", ["index.html", "org-payments.html", "squad-payments--checkout.html"])
def test_every_figure_leads_to_its_rows_and_their_price(browser, pages, name):
    browser.open(pages / name)
    assert browser.run(UNTRACED) == []


@pytest.mark.parametrize(("figure", "rows", "price"), [
    ("#workflow-contract_review td.strong", "$27.50", "claude_prices claude-opus-5-5 default 2026-09-22, derived"),
    ("#key-1 td:last-child", "$40.25", "claude_prices claude-opus-5-5 default 2026-09-22, direct"),
    ("#workload-1 td:nth-of-type(7)", "$5.20", "claude_prices claude-opus-5-5 default 2026-09-22"),
])
def test_a_row_opens_on_its_lines_which_add_up_to_it(browser, pages, figure, rows, price):
    browser.open(pages / "index.html")
    body = f"document.querySelector('{figure}').closest('tbody')"
    browser.run(f"{body}.querySelector('summary').click()")
    lines = browser.run(f"{body}.querySelector('.behind').innerText")
    assert rows in lines and price in lines


def test_a_table_is_sorted_by_its_head(browser, pages):
    browser.open(pages / "org-payments.html")
    browser.run("document.querySelectorAll('#persons thead th')[2].click()")
    names = browser.run("[...document.querySelectorAll('#persons > tbody[id] > tr:first-child summary')].map(s => s.textContent)")
    assert names[:3] == ["Ada Abe", "Ben Berg", "Cleo Castro"]
    assert browser.run("document.querySelector('#persons > tbody:last-of-type').className") == "unattributed"
    browser.run("document.querySelectorAll('#persons thead th')[2].click()")
    assert browser.run("document.querySelectorAll('#persons thead th')[2].getAttribute('aria-sort')") == "ascending"


def test_people_are_found_by_typing(browser, pages):
    browser.open(pages / "org-payments.html")
    browser.run(FILL_IN % ("[data-filter=persons]", "ben", "input"))
    shown = "[...document.querySelectorAll('#persons > tbody[id]')].filter(b => !b.hidden).map(b => b.id)"
    assert browser.run(shown) == ["person-P2"]


def test_keys_are_filtered_by_environment(browser, pages):
    browser.open(pages / "index.html")
    browser.run(FILL_IN % ("[data-select=keys]", "prod", "change"))
    shown = "[...document.querySelectorAll('#keys-table > tbody')].filter(b => !b.hidden).map(b => b.rows[0].cells[0].innerText)"
    assert browser.run(shown) == ["checkout-prod"]


def test_without_scripts_nothing_is_hidden_that_matters(browser, pages):
    browser.open(pages / "index.html", scripts=False)
    assert browser.run("getComputedStyle(document.querySelector('.filters')).display") == "none"
    assert browser.run("document.querySelector('.hero').getBoundingClientRect().height") > 0


def test_layers_follow_each_other_in_print_without_empty_sheets(browser, pages):
    browser.open(pages / "index.html", media="print")
    assert browser.run("[...document.querySelectorAll('.layer')].map(l => getComputedStyle(l).breakBefore)") == ["auto"] * 4
    browser.open(pages / "index.html")


def test_print_leaves_out_what_only_works_on_screen(browser, pages):
    browser.open(pages / "index.html", media="print")
    assert browser.run("getComputedStyle(document.querySelector('nav')).display") == "none"
    browser.open(pages / "index.html")


def test_every_chart_has_its_numbers_beside_it(browser, pages):
    browser.open(pages / "index.html")
    has_numbers = "f => f.closest('section').querySelector('details.numbers') !== null"
    assert browser.run(f"[...document.querySelectorAll('figure.chart')].every({has_numbers})") is True

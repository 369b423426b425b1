"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];

  // On a telephone the page is its table of contents: all parts but what needs a look are folded, and paper has them open.
  if (matchMedia("(max-width: 640px)").matches) {
    for (const section of all("section.block:not(#look)")) {
      const head = section.querySelector(":scope > h3");
      if (!head) continue;
      const [part, summary] = ["details", "summary"].map((name) => document.createElement(name));
      part.className = "fold";
      summary.append(head);
      part.append(summary, ...section.childNodes);
      section.append(part);
    }
    addEventListener("beforeprint", () => all("details.fold").forEach((part) => (part.open = true)));
  }

  // A link into a closed part opens it.
  const reveal = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let node = target; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
    const part = target.querySelector(":scope > details.fold");
    if (part) part.open = true;
    const row = target.tagName === "TBODY" && target.querySelector("details.row");
    if (row) row.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();

  // On a telephone each row is a card, and each figure says which column it is of.
  const spoken = (head) => {
    const copy = head.cloneNode(true);
    for (const part of all("br, small, .tag, .vendor", copy)) part.after(" ");
    return copy.textContent.replace(/\s+/g, " ").trim();
  };
  for (const table of all("table.data")) {
    const names = [...(table.tHead?.rows[0]?.cells ?? [])].map(spoken);
    for (const row of [...table.tBodies, table.tFoot].filter(Boolean).flatMap((part) => [...part.rows]))
      if (row.cells.length === names.length) [...row.cells].slice(1).forEach((cell, place) => (cell.dataset.name = names[place + 1]));
  }

  // Sorting moves whole bodies where a row has details under it, else rows.
  const value = (item, column) => {
    const cell = (item.tagName === "TBODY" ? item.rows[0] : item).cells[column];
    const text = cell.dataset.v ?? cell.textContent.trim();
    const number = Number(text.replace(/[$,%×+]/g, "").replace("\u2212", "-"));
    return text !== "" && Number.isFinite(number) ? number : text;
  };
  for (const table of all("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      head.tabIndex = 0;
      const sort = () => {
        const ascending = head.getAttribute("aria-sort") === "descending";
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
        const bodies = table.classList.contains("rows");
        const items = bodies ? [...table.tBodies].filter((body) => body.id) : [...table.tBodies[0].rows];
        const last = bodies ? table.querySelector("tbody.unattributed") : null;
        items.sort((a, b) => {
          const [x, y] = [value(a, column), value(b, column)];
          const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y));
          return ascending ? order : -order;
        });
        for (const item of items) bodies ? table.insertBefore(item, last) : table.tBodies[0].append(item);
      };
      head.addEventListener("click", sort);
      head.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault(); // a space would scroll the page
        sort();
      });
    });
  }

  // Filters hide rows; sums below a table are of all its rows and stay.
  const filter = (table) => {
    const word = (document.querySelector(`[data-filter="${table.id}"]`)?.value ?? "").toLowerCase();
    const group = document.querySelector(`[data-select="${table.dataset.name}"]`)?.value ?? "";
    const items = table.classList.contains("rows") ? [...table.tBodies].filter((body) => body.id) : [...table.tBodies[0].rows];
    for (const item of items) {
      const first = item.tagName === "TBODY" ? item.rows[0] : item;
      const inGroup = !group || (item.dataset.group ?? "").split("|").includes(group);
      item.hidden = !(inGroup && first.textContent.toLowerCase().includes(word));
    }
  };
  for (const input of all("[data-filter]")) input.addEventListener("input", () => filter(document.getElementById(input.dataset.filter)));
  for (const select of all("[data-select]")) select.addEventListener("change", () => filter(document.querySelector(`[data-name="${select.dataset.select}"]`)));

  // The text that a screen reader gets for a mark, for the pointer.
  const tip = document.getElementById("tip");
  addEventListener("pointermove", (event) => {
    const mark = event.target.closest?.('.chart [role="graphics-symbol"][aria-label]');
    const text = mark?.getAttribute("aria-label");
    tip.hidden = !text || text.includes("-axis");
    if (tip.hidden) return;
    tip.textContent = text;
    tip.style.left = `${Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8)}px`;
    tip.style.top = `${Math.max(8, event.clientY - 34)}px`;
  });
})();

// Tables: a search box for long ones, and column heads that sort. Without this script the tables are plain.
"use strict";
(() => {
  const LONG = 12;
  const TALL = 40;
  const rowsOf = (table) => Array.from(table.tBodies[0].rows);
  const valueOf = (row, column) => row.cells[column].dataset.sort ?? row.cells[column].textContent.trim();
  const compare = (a, b) => {
    if (a === "" || b === "") return (a === "") - (b === "");
    const difference = Number(a) - Number(b);
    return Number.isNaN(difference) ? a.localeCompare(b, "en") : difference;
  };

  const sortBy = (table, column, head) => {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const sorted = rowsOf(table).sort((a, b) => {
      const [one, two] = [valueOf(a, column), valueOf(b, column)];
      const order = compare(one, two);
      return down && one !== "" && two !== "" ? -order : order;
    });
    table.tBodies[0].append(...sorted);
  };

  const addSorting = (table) => {
    Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      button.addEventListener("click", () => sortBy(table, column, head));
      head.replaceChildren(button);
    });
  };

  const addSearch = (box, table, number) => {
    const tools = document.createElement("div");
    const label = document.createElement("label");
    const input = document.createElement("input");
    const status = document.createElement("span");
    tools.className = "tools";
    label.htmlFor = input.id = `search-${number}`;
    label.textContent = "Search";
    input.type = "search";
    input.setAttribute("aria-describedby", table.caption.id);
    status.setAttribute("role", "status");
    const show = () => {
      const wanted = input.value.trim().toLowerCase();
      const rows = rowsOf(table);
      for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
      const found = rows.filter((row) => !row.hidden).length;
      status.textContent = `${found} of ${rows.length} rows`;
    };
    input.addEventListener("input", show);
    tools.append(label, input, status);
    box.prepend(tools);
    show();
  };

  document.querySelectorAll("[data-ds-table]").forEach((box, number) => {
    const table = box.querySelector("table");
    if (rowsOf(table).length > 1) addSorting(table);
    if (rowsOf(table).length < LONG) return;
    if (rowsOf(table).length > TALL) box.classList.add("is-tall");
    addSearch(box, table, number);
  });

  const contents = document.querySelector(".contents details");
  if (matchMedia("(max-width: 62rem)").matches) contents.open = false;

  const details = () => Array.from(document.querySelectorAll("main details"));
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = details().filter((one) => !one.open);
    for (const one of opened) one.open = true;
  });
  addEventListener("afterprint", () => opened.forEach((one) => { one.open = false; }));
})();

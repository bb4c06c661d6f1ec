// Tables: a search box for long ones, a button that shows all rows, and column heads that sort. Without this script the
// tables are plain and show every row.
"use strict";
(() => {
  const words = document.body.dataset;
  const fill = (text, n, n2) => text.replace("{n}", n).replace("{n2}", n2);
  const LONG = 15;
  const FIRST = 10;
  const rowsOf = (table) => Array.from(table.tBodies[0].rows);
  const valueOf = (row, column) => row.cells[column].dataset.sort ?? row.cells[column].textContent.trim();
  const compare = (a, b) => {
    if (a === "" || b === "") return (a === "") - (b === "");
    const difference = Number(a) - Number(b);
    return Number.isNaN(difference) ? a.localeCompare(b, document.documentElement.lang) : difference;
  };

  const sortBy = (table, column, head, show) => {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const sorted = rowsOf(table).sort((a, b) => {
      const [one, two] = [valueOf(a, column), valueOf(b, column)];
      const order = compare(one, two);
      return down && one !== "" && two !== "" ? -order : order;
    });
    table.tBodies[0].append(...sorted);
    show();
  };

  const addSorting = (table, show) => {
    Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      button.addEventListener("click", () => sortBy(table, column, head, show));
      head.replaceChildren(button);
    });
  };

  const make = (kind, className, text) => {
    const element = document.createElement(kind);
    element.className = className;
    element.textContent = text;
    return element;
  };

  // Comes back with what shows the rows that are asked for: all that hold the words, else the first ones.
  const addSearch = (box, table, number) => {
    const tools = make("div", "tools", "");
    const label = make("label", "", words.search);
    const input = make("input", "", "");
    const status = make("span", "", "");
    const more = make("button", "more", fill(words.all, rowsOf(table).length));
    const cut = make("p", "cut ds-note", "");
    label.htmlFor = input.id = `search-${number}`;
    input.type = "search";
    more.type = "button";
    input.setAttribute("aria-describedby", table.caption.id);
    status.setAttribute("role", "status");
    const show = () => {
      const wanted = input.value.trim().toLowerCase();
      const rows = rowsOf(table);
      const found = rows.filter((row) => row.textContent.toLowerCase().includes(wanted));
      const shown = new Set(wanted || more.hidden ? found : found.slice(0, FIRST));
      for (const row of rows) row.hidden = !shown.has(row);
      status.textContent = fill(words.count, shown.size, rows.length);
      cut.textContent = shown.size < rows.length ? words.cut.replace("{rows}", status.textContent) : "";
    };
    input.addEventListener("input", show);
    more.addEventListener("click", () => {
      more.hidden = true;
      show();
    });
    tools.append(label, input, status);
    box.prepend(tools);
    box.append(more, cut);
    show();
    return show;
  };

  const showAllOf = new Map();
  document.querySelectorAll("[data-ds-table]").forEach((box, number) => {
    const table = box.querySelector("table");
    const rows = rowsOf(table).length;
    const isCut = rows > LONG && !box.classList.contains("ds-whole");
    const show = isCut ? addSearch(box, table, number) : () => {};
    if (rows > 1) addSorting(table, show);
    showAllOf.set(table, () => box.querySelector(".more")?.click());
  });

  // A link to a row that is not shown shows it.
  const reveal = () => {
    const target = location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
    if (!target) return;
    for (let parent = target; parent; parent = parent.parentElement) if (parent.tagName === "DETAILS") parent.open = true;
    if (target.hidden) showAllOf.get(target.closest("table"))?.();
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();

  // Why-chains: what is typed is hashed and looked for among the hashes of the file.
  const finder = document.querySelector(".ds-finder");
  const hashOf = async (text) => {
    const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    const digits = Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
    return digits.slice(0, Number(finder.dataset.digits));
  };
  const spellings = (text) => {
    const plain = text.normalize("NFKC").replace(/[\u200b-\u200d\u2060\ufeff]/g, "").trim().replace(/\s+/g, " ");
    const lower = plain.replace(/^\{|\}$/g, "").toLowerCase();
    return [...new Set([lower, lower.replaceAll("ß", "ss")])];
  };
  const showChain = (line) => {
    const [, , number, counterpart, winner] = line.split(",");
    const chain = finder.querySelectorAll(".ds-finder-chain")[Number(number)].content.cloneNode(true);
    for (const [name, id] of [["counterpart", counterpart], ["winner", winner]]) {
      const step = chain.querySelector(`.ds-chain-${name}`);
      if (id) step.querySelector("code").textContent = id;
      else step.remove();
    }
    return chain;
  };
  const ask = async (event) => {
    event.preventDefault();
    const found = finder.querySelector(".ds-finder-found");
    const none = finder.querySelector(".ds-finder-none");
    found.replaceChildren();
    none.hidden = true;
    if (!globalThis.crypto?.subtle) {
      finder.querySelector(".ds-finder-cannot").hidden = false;
      return;
    }
    const code = (finder.querySelector(".ds-finder-code")?.value ?? "").toLowerCase().replace(/[^a-z0-9]/g, "");
    const salts = [finder.dataset.salt, finder.dataset.salt + code];
    const keys = spellings(finder.querySelector("input").value);
    const hashes = await Promise.all(salts.flatMap((salt) => keys.map((key) => hashOf(salt + key))));
    const lines = finder.querySelector(".ds-finder-records").textContent.split("\n");
    const hits = lines.filter((line) => hashes.some((hash) => line.startsWith(`${hash},`) || line.includes(`,${hash},`)));
    found.append(...hits.map(showChain));
    none.hidden = hits.length > 0;
  };
  finder?.querySelector("form").addEventListener("submit", ask);

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

// The mapping editor in the browser. It draws what `mapping_widget.py` sends, searches and pages in it, and asks Python
// for everything else in small messages.

let editors = 0;

const counted = (number) => number.toLocaleString("en");

class Editor extends Controls {
  constructor(model, element) {
    super();
    this.model = model;
    this.element = element;
    this.id = `ds-mapping-${(editors += 1)}`;
    this.asked = { search: "", shown: "all", verdict: "" };
    this.page = 0;
    this.opened = null;
    this.isCounting = false;
    this.focusNext = null;
    this.build();
    model.on("change:shown", () => this.showState());
    model.on("change:details", () => this.showDetails());
    model.on("change:answer", () => this.sayAnswer());
    model.on("change:trial", () => this.drawTrial());
    this.showState();
  }

  ask(message, sentence = "") {
    if (sentence) this.say(sentence, "");
    this.model.send(message);
  }

  // --- the frame: made once, so that nothing in it loses the focus -------------------------------------------------

  build() {
    const words = this.model.get("words");
    this.object = make("select", { onchange: () => this.showObject() });
    this.search = make("input", { type: "search", oninput: () => this.filter({ search: this.search.value }) });
    this.shown = make("select", { onchange: () => this.filter({ shown: this.shown.value }) });
    for (const [value, label] of Object.entries({
      all: "All fields", mapped: "Mapped", unmapped: "Not mapped", suggested: "With a suggestion",
    })) this.shown.append(make("option", { value }, label));
    this.verdict = make("select", { onchange: () => this.filter({ verdict: this.verdict.value }) });
    this.verdict.append(make("option", { value: "" }, "Any"));
    for (const [value, label] of Object.entries(words.verdicts)) {
      this.verdict.append(make("option", { value }, label));
    }
    this.count = make("p", { role: "status", class: "ds-count" });
    this.said = make("p", { role: "status", class: "ds-said" });
    this.notes = make("caption");
    this.body = make("tbody");
    this.previous = this.button("Previous page", () => this.turn(-1));
    this.next = this.button("Next page", () => this.turn(1));
    this.where = make("span");
    this.undo = this.button("Undo", () => this.ask({ do: "undo" }));
    this.save = this.button("Save", () => this.ask({ do: "save" }));
    this.try = this.button("Try in the test portals", () => this.ask({ do: "try" }, "Trying; this takes a while ..."));
    this.path = make("input", { type: "text", value: "mappings.xlsx", spellcheck: "false" });
    this.changes = make("details", {}, make("summary"), make("ul"));
    this.trial = make("div");
    this.lists = make("div");
    const heads = ["HubSpot field", "Direction", "Dynamics field", "Can it be mapped?"];
    const wide = ["ds-field", "ds-way", "ds-field", ""];
    this.element.classList.add("ds-widget", "ds-mapping");
    this.element.append(
      make("section", { "aria-label": "Field mapping editor" },
        make("div", { class: "ds-bar" },
          this.labelled("Object", this.object), this.labelled("Search", this.search, "ds-wide"),
          this.labelled("Show", this.shown), this.labelled("Can it be mapped?", this.verdict)),
        make("div", { class: "ds-bar" }, this.undo, this.save, this.try,
          this.labelled("Workbook", this.path, "ds-wide"),
          this.button("Export XLSX", () => this.ask({ do: "export", path: this.path.value }, "Exporting ...")),
          this.button("Load XLSX", () => this.ask({ do: "load", path: this.path.value }, "Loading ..."))),
        this.said,
        make("div", { class: "ds-scroll", role: "region", tabindex: "0", "aria-label": "Fields and mappings" },
          make("table", {},
            this.notes,
            make("thead", {}, make("tr", {}, ...heads.map((head, number) =>
              make("th", { scope: "col", class: wide[number] }, head)))),
            this.body)),
        make("div", { class: "ds-bar" }, this.previous, this.where, this.next, this.count),
        this.changes, this.trial, this.lists));
  }

  // --- the state ----------------------------------------------------------------------------------------------------

  showState() {
    const state = this.model.get("shown");
    const words = this.model.get("words");
    this.object.replaceChildren(...state.objects.map(([name, isOn]) =>
      make("option", { value: name }, words.objects[name] + (isOn ? "" : " (sync is off)"))));
    this.object.value = state.object;
    this.allow(this.undo, state.steps > 0);
    this.allow(this.save, state.steps > 0);
    this.allow(this.try, state.can_try);
    this.try.title = state.can_try ? "" : "Name test portals under [rehearsal] in the settings first.";
    this.notes.replaceChildren(...state.notes.map((note) => make("span", { class: "ds-facts" }, note)));
    const [summary, list] = this.changes.children;
    const number = state.changes.length;
    summary.textContent = number === 0 ? "No changes against the file"
      : `${counted(number)} ${number === 1 ? "change" : "changes"} against the file, not saved`;
    list.replaceChildren(...state.changes.map((sentence) => make("li", {}, sentence)));
    this.drawLists(state.rows);
    if (state.rows.some((row) => row.key === this.opened)) this.askDetails();
    else this.opened = null;
    this.drawRows();
  }

  /** For each side the fields that can still be mapped, which the boxes beside unmapped fields offer. */
  drawLists(rows) {
    this.lists.replaceChildren(...["hubspot", "dynamics"].map((side) =>
      make("datalist", { id: `${this.id}-${side}` }, ...rows
        .filter((row) => row.direction === null && row[side] !== null && row.allowed !== null)
        .map((row) => make("option", { value: row[side].name }, `${row[side].label} (${row[side].kind})`)))));
  }

  showObject() {
    this.page = 0;
    this.opened = null;
    this.ask({ do: "show", object: this.object.value }, "Reading ...");
  }

  filter(part) {
    Object.assign(this.asked, part);
    this.page = 0;
    this.drawRows();
  }

  turn(step) {
    this.page += step;
    this.drawRows();
    this.body.closest(".ds-scroll").scrollTop = 0;
  }

  matching() {
    const words = this.asked.search.toLowerCase().split(/\s+/).filter(Boolean);
    const { shown, verdict } = this.asked;
    return this.model.get("shown").rows.filter((row) =>
      (shown === "all" || (shown === "mapped" && row.direction !== null)
        || (shown === "unmapped" && row.direction === null)
        || (shown === "suggested" && row.suggestions.length > 0))
      && (verdict === "" || row.verdict === verdict)
      && words.every((word) => row.search.includes(word)));
  }

  // --- the rows -----------------------------------------------------------------------------------------------------

  drawRows() {
    const size = this.model.get("words").page_rows;
    const rows = this.matching();
    const pages = Math.max(Math.ceil(rows.length / size), 1);
    this.page = Math.min(Math.max(this.page, 0), pages - 1);
    const focused = this.focusNext ?? document.activeElement?.dataset?.control;
    const shown = rows.slice(this.page * size, (this.page + 1) * size);
    this.body.replaceChildren(...shown.flatMap((row) => this.rowsOf(row)));
    this.count.textContent = `${counted(rows.length)} of ${counted(this.model.get("shown").rows.length)} rows`;
    this.where.textContent = `Page ${this.page + 1} of ${pages}`;
    this.allow(this.previous, this.page > 0);
    this.allow(this.next, this.page + 1 < pages);
    if (focused) this.focusOn(focused);
  }

  focusOn(control) {
    const target = this.body.querySelector(`[data-control="${CSS.escape(control)}"]`);
    if (target) target.focus();
    if (target || this.focusNext) this.focusNext = null;
  }

  rowsOf(row) {
    const words = this.model.get("words");
    const isOpen = this.opened === row.key;
    const line = make("tr", {},
      this.sideCell(row, "hubspot"), this.directionCell(row), this.sideCell(row, "dynamics"),
      make("td", {},
        make("span", { class: `ds-verdict ds-${row.verdict}` }, words.verdicts[row.verdict]),
        make("span", { class: "ds-facts" }, [this.wayOf(row), row.reason].filter(Boolean).join(" ")),
        row.instead === null || (isOpen && row.has_recipe) ? null
          : make("span", { class: "ds-facts" }, `Instead: ${this.insteadOf(row)}`),
        this.doesOf(row, isOpen)));
    return isOpen ? [line, this.detailsOf(row)] : [line];
  }

  /** Of a recipe its first sentence, which is followed by figures. */
  insteadOf(row) {
    return row.has_recipe ? `${row.instead.split(". ")[0].replace(/\.$/, "")}.` : row.instead;
  }

  wayOf(row) {
    if (row.allowed === null) return "";
    return `Values can flow ${this.model.get("words").directions[row.allowed]}.`;
  }

  sideCell(row, side) {
    const field = row[side];
    if (field === null) return make("td", {}, this.mapWith(row, side));
    const filled = field.filled === null ? "not delivered, so not counted"
      : field.records === 0 ? "no records"
      : `filled in ${counted(field.filled)} of ${counted(field.records)} (${field.share})`;
    return make(side === "hubspot" ? "th" : "td", side === "hubspot" ? { scope: "row", style: "font-weight:normal" } : {},
      make("strong", {}, field.label), " ", make("span", { class: "ds-name" }, field.name),
      make("span", { class: "ds-facts" }, `${field.kind}, ${filled}`),
      field.samples.length ? make("span", { class: "ds-facts" }, this.samplesOf(field)) : null);
  }

  samplesOf(field) {
    const open = field.samples.filter((sample) => sample !== this.model.get("words").hidden);
    return open.length ? `Such as ${open.join("; ")}` : "Values are hidden.";
  }

  directionCell(row) {
    if (row.direction === null) return make("td", {}, "not mapped");
    const { hubspot, dynamics } = this.namesOf(row);
    const select = make("select", {
      "aria-label": `Direction of ${hubspot} and ${dynamics}`, "data-control": `direction ${row.key}`,
      onchange: () => this.ask({ do: "direction", hubspot, dynamics, direction: select.value }),
    });
    for (const [value, label] of Object.entries(this.model.get("words").directions)) {
      select.append(make("option", { value }, label));
    }
    select.value = row.direction;
    return make("td", {}, select, make("span", { class: "ds-facts" }, row.origin === "default" ? "by default" : "own mapping"));
  }

  namesOf(row) {
    return { hubspot: row.hubspot?.name, dynamics: row.dynamics?.name };
  }

  /** On the empty side of a field that is not mapped: suggestions to press, and a box to name another field. */
  mapWith(row, side) {
    if (row.allowed === null) return "";
    const other = side === "hubspot" ? row.dynamics : row.hubspot;
    const map = (name) => {
      const names = side === "hubspot" ? { hubspot: name, dynamics: other.name } : { hubspot: other.name, dynamics: name };
      this.focusNext = `direction ${names.hubspot} ${names.dynamics}`;
      this.ask({ do: "map", ...names });
    };
    const system = side === "hubspot" ? "HubSpot" : "Dynamics";
    const box = make("input", {
      list: `${this.id}-${side}`, "aria-label": `${system} field to map ${other.name} with`, size: 18,
      placeholder: `${system} field`, "data-control": `box ${row.key}`,
      onkeydown: (event) => { if (event.key === "Enter" && box.value) map(box.value); },
    });
    return make("div", {},
      ...row.suggestions.map((suggestion, number) => make("div", { class: "ds-does" },
        this.button(`Map with ${suggestion.field}`, () => map(suggestion.field),
          { "data-control": `suggestion ${number} ${row.key}` }),
        make("span", {}, `${Math.round(100 * suggestion.score)} %: ${suggestion.reason}`))),
      make("div", { class: "ds-does" }, box,
        this.button("Map", () => { if (box.value) map(box.value); else box.focus(); },
          { "aria-label": `Map ${other.name}`, "data-control": `map ${row.key}` })));
  }

  doesOf(row, isOpen) {
    const { hubspot, dynamics } = this.namesOf(row);
    const name = [hubspot, dynamics].filter(Boolean).join(" and ");
    const more = row.has_options ? "Options" : row.has_recipe ? "Recipe" : null;
    const does = [];
    if (more) {
      does.push(this.button(more, () => this.toggle(row), {
        "aria-expanded": String(isOpen), "aria-label": `${more}: ${name}`, "data-control": `details ${row.key}` }));
    }
    if (row.direction !== null) {
      does.push(this.button("Remove", () => {
        this.focusNext = `box ${hubspot} -`;
        this.ask({ do: "remove", hubspot, dynamics });
      }, { "aria-label": `Remove the mapping of ${name}`, "data-control": `remove ${row.key}` }));
    }
    return does.length ? make("div", { class: "ds-does" }, ...does) : null;
  }

  // --- details of one row -------------------------------------------------------------------------------------------

  toggle(row) {
    this.opened = this.opened === row.key ? null : row.key;
    if (this.opened) this.askDetails();
    this.drawRows();
  }

  /** Asks for the details of the open row anew; what is known of them may not hold any more. */
  askDetails() {
    this.isCounting = true;
    this.ask({ do: "details", key: this.opened });
  }

  showDetails() {
    this.isCounting = false;
    this.drawRows();
  }

  detailsOf(row) {
    const details = this.model.get("details");
    const cell = make("td", { colspan: 4 });
    if (this.isCounting || details.key !== row.key) cell.append("Counting ...");
    else {
      if (row.has_recipe) cell.append(make("p", {}, details.instead));
      if (details.options.length) cell.append(this.optionsTable(row, details.options));
    }
    return make("tr", { class: "ds-details" }, cell);
  }

  optionsTable(row, options) {
    const { hubspot, dynamics } = this.namesOf(row);
    const theirs = options.filter((pair) => pair.dynamics !== null && pair.dynamics_label !== null);
    const ours = options.filter((pair) => pair.hubspot !== null);
    const selects = new Map();
    const named = (pair, side) => `${pair[`${side}_label`] ?? `${pair[side]} (no option)`}, ${this.recordsOf(pair[`${side}_records`])}`;
    const lines = ours.map((pair) => {
      if (pair.hubspot_label === null) {
        return make("tr", {}, make("th", { scope: "row" }, named(pair, "hubspot")), make("td", {}, "a value that is no option"));
      }
      const select = make("select", {
        "aria-label": `Dynamics option for ${pair.hubspot_label}`, "data-control": `option ${row.key} ${pair.hubspot}` });
      select.append(make("option", { value: "" }, "no partner"));
      for (const other of theirs) select.append(make("option", { value: other.dynamics }, named(other, "dynamics")));
      select.value = pair.dynamics ?? "";
      selects.set(pair.hubspot, select);
      return make("tr", {}, make("th", { scope: "row" }, named(pair, "hubspot")), make("td", {}, select));
    });
    const alone = options.filter((pair) => pair.hubspot === null)
      .map((pair) => make("li", {}, `Dynamics ${named(pair, "dynamics")}, has no partner`));
    const pair = (pairs) => this.ask({ do: "options", hubspot, dynamics, pairs }, "Pairing ...");
    const chosen = () => Object.fromEntries([...selects].filter(([, one]) => one.value).map(([value, one]) => [value, one.value]));
    return make("div", {},
      make("table", {}, make("caption", {}, `Options of ${hubspot} and ${dynamics}`),
        make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "HubSpot option"), make("th", { scope: "col" }, "Dynamics option"))),
        make("tbody", {}, ...lines)),
      alone.length ? make("ul", {}, ...alone) : null,
      make("div", { class: "ds-does" },
        this.button("Pair options as chosen", () => pair(chosen()), { "data-control": `pair ${row.key}` }),
        this.button("Pair by label", () => pair({}), { "data-control": `labels ${row.key}` })));
  }

  recordsOf(number) {
    return number === null ? "not counted" : `${counted(number)} ${number === 1 ? "record" : "records"}`;
  }

  // --- what is said -------------------------------------------------------------------------------------------------

  sayAnswer() {
    super.sayAnswer();
    if (this.model.get("answer").is_fault) {
      this.focusNext = null;
      this.drawRows();
    }
  }

  say(text, className) {
    super.say(className === "ds-fault" ? `Not done: ${text}` : text, className);
  }

  drawTrial() {
    const { rows } = this.model.get("trial");
    const heads = ["Field", "Value", "Test portal", "Forecast", "Differs"];
    const label = { class: "ds-scroll", role: "region", tabindex: "0", "aria-label": "Trial" };
    this.trial.replaceChildren(make("div", label, make("table", {}, make("caption", {}, "Values tried in the test portals"),
      make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col" }, head)))),
      make("tbody", {}, ...rows.map((row) => make("tr", {},
        make("th", { scope: "row" }, `${row.object}: ${row.field}`),
        ...[`${row.edge ?? ""}: ${row.value}`, [row.portal, row.words].filter(Boolean).join(": "), row.forecast ?? "not tried",
          row.differs ? "yes" : "no"].map((text) => make("td", {}, text))))))));
  }
}

export default {
  render({ model, el }) {
    new Editor(model, el);
  },
};

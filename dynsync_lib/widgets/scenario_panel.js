// The scenario panel in the browser. It draws what `scenario_panel.py` sends and asks Python for everything else. The
// figures are HTML that the report's pieces made of numbers and escaped texts.

const FILTERS = { filter_to_hubspot: "Filter into HubSpot", filter_to_dynamics: "Filter into Dynamics" };

class Panel extends Controls {
  constructor(model, element) {
    super();
    this.model = model;
    this.element = element;
    this.asked = model.get("answer").number;
    this.build();
    model.on("change:answer", () => this.showAnswer());
    model.on("change:figures", () => this.showFigures());
    this.showSwitches();
    this.showFigures();
    this.sayAnswer();
  }

  /** Each request is answered once, so that an answer with a lower number is about an earlier one. */
  ask(message) {
    this.asked += 1;
    this.say("Deciding ...", "");
    this.model.send(message);
  }

  // --- the frame: made once, so that nothing in it loses the focus -------------------------------------------------

  build() {
    const words = this.model.get("words");
    const questions = Object.fromEntries(Object.entries(words.questions).map(([id, [asked]]) => [id, asked]));
    this.object = this.select(words.objects, () => this.showSwitches());
    this.isOn = make("input", { type: "checkbox", onchange: () => this.switch("enabled", this.isOn.checked) });
    this.direction = this.select(words.directions, () => this.switch("direction", this.direction.value));
    this.winner = this.select(words.winners, () => this.switch("conflict_winner", this.winner.value));
    this.filters = Object.keys(FILTERS).map((key) => {
      const box = make("input", { type: "text", spellcheck: "false", "data-key": key, placeholder: "no filter" });
      box.addEventListener("change", () => this.filter(key, box.value));
      box.addEventListener("keydown", (event) => { if (event.key === "Enter") this.filter(key, box.value); });
      return box;
    });
    this.mapping = this.select({}, () => this.showSwitches());
    this.flow = this.select(words.flows, () =>
      this.ask({ do: "turn", object: this.object.value, hubspot: this.mapping.value, direction: this.flow.value }));
    this.question = this.select(questions, () => this.showSwitches());
    this.choice = this.select({}, () =>
      this.ask({ do: "choose", assumption: this.question.value, choice: this.choice.value }));
    this.about = make("p", { class: "ds-about" });
    this.name = make("input", { type: "text" });
    this.kept = this.select({}, () => {});
    this.keep = this.button("Keep as a scenario", () => this.ask({ do: "keep", name: this.name.value }));
    this.reset = this.button("All as it is", () => this.ask({ do: "reset" }));
    this.write = this.button("Write to the settings", () => this.ask({ do: "write", name: this.kept.value }));
    this.forget = this.button("Forget", () => this.ask({ do: "forget", name: this.kept.value }));
    this.said = make("p", { role: "status", class: "ds-said" });
    this.figures = make("div", { class: "ds-figures-shown" });
    this.element.classList.add("ds-widget", "ds-scenarios");
    this.element.append(
      make("section", { "aria-label": "Scenario panel" },
        this.group("Sync of one kind of record",
          this.bar(this.labelled("Records", this.object),
            make("label", { class: "ds-check" }, this.isOn, "The sync is on"),
            this.labelled("Direction", this.direction), this.labelled("Conflict winner", this.winner)),
          ...this.filters.map((box) => this.bar(this.labelled(FILTERS[box.dataset.key], box, "ds-wide"))),
          this.bar(this.labelled("Mapping", this.mapping, "ds-wide"), this.labelled("Flows", this.flow))),
        this.group("Open question",
          this.bar(this.labelled("Question", this.question, "ds-wide"), this.labelled("Answer", this.choice)), this.about),
        this.group("Scenarios",
          this.bar(this.labelled("Name", this.name), this.keep, this.reset,
            this.labelled("Kept scenario", this.kept), this.write, this.forget)),
        this.said, this.figures));
  }

  group(legend, ...children) {
    return make("fieldset", {}, make("legend", {}, legend), ...children);
  }

  bar(...children) {
    return make("div", { class: "ds-bar" }, ...children);
  }

  select(options, onchange) {
    const select = make("select", { onchange });
    this.offer(select, options);
    return select;
  }

  /** Other options, with the same one chosen as long as it is there; none of them is said in the only option. */
  offer(select, options, none = "") {
    const chosen = select.value;
    const pairs = Object.entries(options);
    select.disabled = pairs.length === 0 && none !== "";
    select.replaceChildren(...(select.disabled ? [["", none]] : pairs).map(([value, text]) => make("option", { value }, text)));
    if (chosen in options) select.value = chosen;
  }

  switch(key, value) {
    this.ask({ do: "switch", object: this.object.value, key, value });
  }

  /** JupyterLab keeps Enter from a box, so that it is heard apart; leaving the box afterwards changes nothing more. */
  filter(key, value) {
    if (value !== this.model.get("switches").objects[this.object.value][key]) this.switch(key, value);
  }

  // --- the state ----------------------------------------------------------------------------------------------------

  showSwitches() {
    const words = this.model.get("words");
    const { objects, answers, kept, is_tried: isTried } = this.model.get("switches");
    const sync = objects[this.object.value];
    this.isOn.checked = sync.enabled;
    this.direction.value = sync.direction;
    this.winner.value = sync.conflict_winner;
    for (const box of this.filters) box.value = sync[box.dataset.key];
    this.offer(this.mapping, Object.fromEntries(sync.mappings.map(([hubspot, dynamics]) =>
      [hubspot, hubspot === dynamics ? hubspot : `${hubspot} and ${dynamics}`])), "no mappings");
    const flow = sync.mappings.find(([hubspot]) => hubspot === this.mapping.value)?.[2];
    this.flow.disabled = flow === undefined;
    if (flow !== undefined) this.flow.value = flow;
    const id = this.question.value;
    this.offer(this.choice, words.choices[id]);
    this.choice.value = answers[id];
    this.about.replaceChildren("In the settings: ", make("code", {}, `${id} = "${answers[id]}"`), `. ${words.questions[id][1]}`);
    this.offer(this.kept, Object.fromEntries(kept.map((name) => [name, name])), "none yet");
    this.allow(this.keep, isTried);
    for (const button of [this.write, this.forget]) this.allow(button, kept.length > 0);
  }

  showFigures() {
    this.figures.innerHTML = this.model.get("figures");
    for (const target of this.figures.querySelectorAll("[tabindex]")) keepKeys(target);
  }

  showAnswer() {
    const { number } = this.model.get("answer");
    if (number < this.asked) return;
    this.asked = number;
    this.showSwitches();
    this.sayAnswer();
  }
}

export default {
  render({ model, el }) {
    new Panel(model, el);
  },
};

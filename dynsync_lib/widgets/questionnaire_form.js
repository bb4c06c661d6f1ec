// The questionnaire in the browser. It draws what `questionnaire_form.py` sends, and sends all answers when they are to
// be written.

class Form extends Controls {
  constructor(model, element) {
    super();
    this.model = model;
    this.rows = new Map(model.get("questions").map((question) => [question.name, this.row(question)]));
    this.said = make("p", { role: "status", class: "ds-said" });
    const write = this.button("Write the answers", () => this.write());
    element.classList.add("ds-widget", "ds-questionnaire");
    element.append(
      make("section", { "aria-label": "What no API shows" },
        ...[...this.rows.values()].map(({ shown }) => shown), write, this.said));
    model.on("change:questions", () => this.showAnswers());
    model.on("change:answer", () => this.sayAnswer());
    this.showAnswers();
    this.sayAnswer();
  }

  row({ asks, where, options }) {
    const field = options.length > 0 ? this.select(options) : make("input", { type: "text", inputmode: "numeric" });
    const labelled = this.labelled(asks, field);
    const note = make("p", { class: "ds-where", id: `${field.id}-where` }, where);
    const open = make("p", { class: "ds-open", id: `${field.id}-open` });
    field.setAttribute("aria-describedby", `${note.id} ${open.id}`);
    field.addEventListener("input", () => this.showOpen());
    return { field, open, shown: make("div", { class: "ds-question" }, labelled, note, open) };
  }

  select(options) {
    const texts = ["", ...options].map((value) => make("option", { value }, value || "no answer"));
    return make("select", {}, ...texts);
  }

  write() {
    this.say("Writing ...", "");
    this.model.send({ do: "write", answers: Object.fromEntries([...this.rows].map(([name, { field }]) => [name, field.value])) });
  }

  showAnswers() {
    for (const { name, answer } of this.model.get("questions")) this.rows.get(name).field.value = answer;
    this.showOpen();
  }

  /** What an answer that is missing means, as long as nobody began another one. */
  showOpen() {
    for (const { name, answer, open } of this.model.get("questions")) {
      const row = this.rows.get(name);
      row.open.textContent = row.field.value === answer ? open : "Not written yet.";
    }
  }
}

export default {
  render({ model, el }) {
    new Form(model, el);
  },
};

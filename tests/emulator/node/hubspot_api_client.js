// @hubspot/api-client, HubSpot's own client for Node, at the emulated portal.

import { Client } from "@hubspot/api-client";
import { addresses, expect, run } from "./operations.js";

const { url, token } = addresses.hubspot;
const hubspot = new Client({ accessToken: token, basePath: url });
const { contacts, companies, deals, tickets, associations, properties, owners, pipelines } = hubspot.crm;
const plain = [{ associationCategory: "HUBSPOT_DEFINED", associationTypeId: 279 }];

async function refusal(promise) {
  return promise.then(() => new Error("was not refused"), (error) => error);
}

await run({
  "crm.contacts.getAll": async () => {
    expect((await contacts.getAll(2)).map((contact) => contact.id), ["101", "102", "103"]);
  },
  "crm.companies.getAll": async () => {
    expect((await companies.getAll()).map((company) => company.properties.name), ["Firm", "Shop"]);
  },
  "crm.contacts.basicApi.getPage, associations": async () => {
    const page = await contacts.basicApi.getPage(1, undefined, ["email"], undefined, ["companies", "tickets"]);
    expect(page.paging.next.after, "102");
    expect(page.results[0].associations.companies.results[0].id, "201");
  },
  "crm.contacts.basicApi.getById": async () => {
    const ada = await contacts.basicApi.getById("ada@firm.example", ["email"], undefined, undefined, false, "email");
    expect(ada.id, "101");
  },
  "crm.contacts.basicApi.getById, missing": async () => {
    expect((await refusal(contacts.basicApi.getById("999"))).code, 404);
  },
  "crm.contacts.basicApi.create, update, archive": async () => {
    const made = await contacts.basicApi.create({ properties: { email: "dee@x.example", firstname: "Dee" } });
    const changed = await contacts.basicApi.update(made.id, { properties: { firstname: "" } });
    expect(changed.properties.firstname ?? null, null);
    await contacts.basicApi.archive(made.id);
    expect((await refusal(contacts.basicApi.getById(made.id))).code, 404);
  },
  "crm.contacts.basicApi.create, conflict": async () => {
    const error = await refusal(contacts.basicApi.create({ properties: { email: "ada@firm.example" } }));
    expect([error.code, error.body.category], [409, "CONFLICT"]);
  },
  "crm.contacts.batchApi.read": async () => {
    const inputs = [{ id: "101" }, { id: "999" }];
    const answer = await contacts.batchApi.read({ inputs, properties: ["email"], propertiesWithHistory: [] });
    expect([answer.results.length, answer.numErrors], [1, 1]);
  },
  "crm.contacts.batchApi.create, update, upsert, archive": async () => {
    const made = await contacts.batchApi.create({ inputs: [{ properties: { email: "eve@x.example" } }] });
    const id = made.results[0].id;
    await contacts.batchApi.update({ inputs: [{ id, properties: { firstname: "Eve" } }] });
    const upserted = await contacts.batchApi.upsert({
      inputs: [{ idProperty: "email", id: "eve@x.example", properties: { lastname: "Eden" } }],
    });
    expect([upserted.results[0].id, upserted.results[0]._new], [id, false]);
    await contacts.batchApi.archive({ inputs: [{ id }] });
  },
  "crm.contacts.batchApi.update, one id twice": async () => {
    const input = { id: "101", properties: { firstname: "Ada" } };
    expect((await refusal(contacts.batchApi.update({ inputs: [input, input] }))).code, 400);
  },
  "crm.contacts.searchApi.doSearch": async () => {
    const filters = [{ propertyName: "firstname", operator: "EQ", value: "ADA" }];
    const answer = await contacts.searchApi.doSearch({ filterGroups: [{ filters }], properties: ["email"], limit: 1 });
    expect([answer.total, answer.results[0].properties.email], [1, "ada@firm.example"]);
  },
  "crm.deals.basicApi.getPage": async () => {
    expect((await deals.basicApi.getPage()).results, []);
  },
  "crm.associations.v4.basicApi.getPage": async () => {
    const page = await associations.v4.basicApi.getPage("contacts", "101", "companies");
    expect(page.results.map((item) => String(item.toObjectId)), ["201"]);
  },
  "crm.associations.v4.basicApi.create, createDefault, archive": async () => {
    const api = associations.v4.basicApi;
    await api.createDefault("contacts", "103", "companies", "202");
    await api.create("contacts", "103", "companies", "201", plain);
    await api.archive("contacts", "103", "companies", "201");
    expect((await api.getPage("contacts", "103", "companies")).results.length, 1);
  },
  "crm.associations.v4.batchApi.getPage": async () => {
    const answer = await associations.v4.batchApi.getPage("contacts", "companies", { inputs: [{ id: "101" }] });
    expect(answer.results[0].to[0].associationTypes.map((type) => type.typeId), [1, 279, 36]);
  },
  "crm.associations.v4.schema.definitionsApi.getAll, create": async () => {
    const api = associations.v4.schema.definitionsApi;
    const made = await api.create("contacts", "companies", { label: "Adviser", name: "adviser" });
    expect(made.results[0].label, "Adviser");
    expect((await api.getAll("contacts", "companies")).results.length, 4);
  },
  "crm.properties.coreApi.getAll, getByName, create": async () => {
    const wanted = { name: "run", label: "Run", type: "string", fieldType: "text", groupName: "contactinformation" };
    expect((await properties.coreApi.create("contacts", wanted)).name, "run");
    expect((await properties.coreApi.getByName("contacts", "run")).label, "Run");
    const names = (await properties.coreApi.getAll("contacts")).results.map((property) => property.name);
    expect(names.includes("email"), true);
  },
  "crm.properties.coreApi.update": async () => {
    await properties.coreApi.update("contacts", "run", { label: "Run again" });
  },
  "crm.properties.groupsApi.getAll": async () => {
    await properties.groupsApi.getAll("contacts");
  },
  "crm.owners.ownersApi.getPage, by email": async () => {
    const page = await owners.ownersApi.getPage("rik@contoso.example");
    expect(page.results.map((owner) => [owner.id, owner.userId]), [["7", 52000007]]);
  },
  "crm.pipelines.pipelinesApi.getAll": async () => {
    await pipelines.pipelinesApi.getAll("deals");
  },
  "crm.tickets.basicApi.getPage": async () => {
    await tickets.basicApi.getPage();
  },
});

// dynamics-web-api, the widely used client of the Dataverse Web API for Node, at the emulated environment.

import { DynamicsWebApi } from "dynamics-web-api";
import { addresses, expect, run } from "./operations.js";

const api = new DynamicsWebApi({
  serverUrl: addresses.dynamics.tls_url,
  dataApi: { version: "9.2" },
  onTokenRefresh: async () => "emulator-static-token",
});
const [ada, bob, cy] = [1, 2, 3].map((number) => `00000000-0000-4000-8000-0000000000c${number}`);
const firm = "00000000-0000-4000-8000-0000000000a1";
const contacts = { collection: "contacts", select: ["firstname"] };
const fetchXml = '<fetch><entity name="contact"><attribute name="firstname"/></entity></fetch>';
const names = (rows) => rows.map((row) => row.firstname);

async function refusal(promise) {
  return promise.then(() => new Error("was not refused"), (error) => error);
}

await run({
  retrieve: async () => {
    const row = await api.retrieve({ ...contacts, key: ada, expand: [{ property: "parentcustomerid_account", select: ["name"] }] });
    expect([row.firstname, row.parentcustomerid_account.name], ["Ada", "Firm"]);
  },
  "retrieve, includeAnnotations": async () => {
    const row = await api.retrieve({ collection: "contacts", key: ada, select: ["statecode"], includeAnnotations: "*" });
    expect(row["statecode@OData.Community.Display.V1.FormattedValue"], "Active");
  },
  "retrieve, ifnonematch": async () => {
    const row = await api.retrieve({ ...contacts, key: ada });
    expect((await api.retrieve({ ...contacts, key: ada, ifnonematch: row["@odata.etag"] })) ?? null, null);
  },
  "retrieve, missing": async () => {
    expect((await refusal(api.retrieve({ ...contacts, key: firm }))).code, "0x80040217");
  },
  retrieveMultiple: async () => {
    const first = await api.retrieveMultiple({ ...contacts, maxPageSize: 2, count: true });
    expect([names(first.value), first.oDataCount], [["Ada", "Bob"], 3]);
    const second = await api.retrieveMultiple({ ...contacts, maxPageSize: 2 }, first.oDataNextLink);
    expect(names(second.value), ["Cy"]);
  },
  "retrieveMultiple, filter and orderBy": async () => {
    const filter = "contains(lastname,'O') and statecode eq 0 or Microsoft.Dynamics.CRM.In(PropertyName='firstname',PropertyValues=['cy'])";
    expect(names((await api.retrieveMultiple({ ...contacts, filter, orderBy: ["firstname desc"] })).value), ["Cy", "Bob"]);
  },
  "retrieveMultiple, trackChanges": async () => {
    const first = await api.retrieveMultiple({ ...contacts, trackChanges: true });
    expect(first["@odata.deltaLink"].includes("$deltatoken="), true);
  },
  "retrieveMultiple, apply": async () => {
    await api.retrieveMultiple({ collection: "contacts", apply: "aggregate($count as n)" });
  },
  retrieveAll: async () => {
    expect(names((await api.retrieveAll({ ...contacts, maxPageSize: 1 })).value), ["Ada", "Bob", "Cy"]);
  },
  count: async () => {
    expect(await api.count({ collection: "contacts" }), 3);
    expect(await api.count({ collection: "contacts", filter: "statecode eq 1" }), 1);
  },
  countAll: async () => {
    expect(await api.countAll({ collection: "contacts", filter: "statecode eq 0" }), 2);
  },
  fetch: async () => {
    await api.fetch({ collection: "contacts", fetchXml });
  },
  fetchAll: async () => {
    await api.fetchAll({ collection: "contacts", fetchXml });
  },
  create: async () => {
    const data = { lastname: "Doe", "parentcustomerid_account@odata.bind": `accounts(${firm})` };
    const id = await api.create({ collection: "contacts", data });
    const row = await api.create({ collection: "contacts", data, returnRepresentation: true, select: ["fullname"] });
    expect([id.length, row.fullname], [36, "Doe"]);
    await api.deleteRecord({ collection: "contacts", key: id });
    await api.deleteRecord({ collection: "contacts", key: row.contactid });
  },
  update: async () => {
    await api.update({ collection: "contacts", key: bob, data: { firstname: "Rob" } });
    const row = await api.update({ ...contacts, key: bob, data: { firstname: "Bob" }, returnRepresentation: true });
    expect(row.firstname, "Bob");
  },
  "update, ifmatch": async () => {
    const data = { firstname: "Bobby" };
    expect(await api.update({ collection: "contacts", key: bob, data, ifmatch: 'W/"1"' }), false);
  },
  upsert: async () => {
    const key = "00000000-0000-4000-8000-0000000000d1";
    await api.upsert({ collection: "contacts", key, data: { lastname: "New" } });
    expect(await api.upsert({ collection: "contacts", key, data: { lastname: "New" }, ifnonematch: "*" }), null);
    await api.deleteRecord({ collection: "contacts", key });
  },
  deleteRecord: async () => {
    const key = await api.create({ collection: "accounts", data: { name: "Short" } });
    await api.deleteRecord({ collection: "accounts", key });
    expect((await refusal(api.deleteRecord({ collection: "accounts", key }))).status, 404);
  },
  updateSingleProperty: async () => {
    await api.updateSingleProperty({ collection: "contacts", key: bob, fieldValuePair: { firstname: "Rob" } });
  },
  "deleteRecord, property": async () => {
    await api.deleteRecord({ collection: "contacts", key: bob, property: "jobtitle" });
  },
  associate: async () => {
    await api.associate({
      collection: "accounts", primaryKey: firm, relationshipName: "contact_customer_accounts",
      relatedCollection: "contacts", relatedKey: cy,
    });
  },
  associateSingleValued: async () => {
    await api.associateSingleValued({
      collection: "contacts", primaryKey: cy, navigationProperty: "parentcustomerid_account",
      relatedCollection: "accounts", relatedKey: firm,
    });
  },
  callFunction: async () => {
    expect((await api.callFunction("WhoAmI")).UserId.length, 36);
    const counted = await api.callFunction({ name: "RetrieveTotalRecordCount", parameters: { EntityNames: ["contact"] } });
    expect(counted.EntityRecordCountCollection.Values, [3]);
  },
  callAction: async () => {
    const ids = await api.callAction({
      collection: "contacts", actionName: "Microsoft.Dynamics.CRM.CreateMultiple",
      action: { Targets: [{ "@odata.type": "Microsoft.Dynamics.CRM.contact", lastname: "One" }] },
    });
    expect(ids.Ids.length, 1);
    await api.deleteRecord({ collection: "contacts", key: ids.Ids[0] });
  },
  "callAction, Merge": async () => {
    await api.callAction({ actionName: "Merge", action: {} });
  },
  executeBatch: async () => {
    api.startBatch();
    api.retrieveMultiple({ ...contacts, filter: "firstname eq 'Ada' or firstname eq 'O''Neil'" });
    api.count({ collection: "contacts" });
    api.create({ collection: "accounts", data: { name: "In a batch" }, contentId: "1" });
    const [found, count] = await api.executeBatch();
    expect([names(found.value), Number(count)], [["Ada"], 3]);
  },
  "executeBatch, fetch": async () => {
    api.startBatch();
    api.fetch({ collection: "contacts", fetchXml });
    const [answer] = await api.executeBatch();
    if (answer instanceof Error) throw new Error(answer.error.message);
  },
  retrieveEntities: async () => {
    const tables = await api.retrieveEntities({ select: ["LogicalName", "DisplayName"], filter: "IsPrivate eq false and IsCustomEntity eq false" });
    expect(tables.value.length, 9);
  },
  retrieveEntity: async () => {
    const key = (await api.retrieveEntities({ select: ["LogicalName"], filter: "LogicalName eq 'contact'" })).value[0].MetadataId;
    const table = await api.retrieveEntity({ key, select: ["EntitySetName"], expand: [{ property: "Attributes", select: ["LogicalName"] }] });
    expect([table.EntitySetName, table.Attributes.some((column) => column.LogicalName === "firstname")], ["contacts", true]);
  },
  retrieveAttributes: async () => {
    const castType = "Microsoft.Dynamics.CRM.PicklistAttributeMetadata";
    const columns = await api.retrieveAttributes({
      entityKey: "LogicalName='contact'", castType, select: ["LogicalName"], expand: [{ property: "OptionSet", select: ["Options"] }],
    });
    expect(columns.value.every((column) => column.OptionSet.Options.length > 0), true);
  },
  retrieveAttribute: async () => {
    const column = await api.retrieveAttribute({ entityKey: "LogicalName='contact'", attributeKey: "LogicalName='firstname'", select: ["SchemaName"] });
    expect(column.LogicalName ?? column.SchemaName, "firstname");
  },
  createAttribute: async () => {
    const label = { "@odata.type": "Microsoft.Dynamics.CRM.Label", LocalizedLabels: [{ Label: "Note", LanguageCode: 1033 }] };
    await api.createAttribute({
      entityKey: "LogicalName='contact'",
      data: { "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata", SchemaName: "new_Note", DisplayName: label, MaxLength: 100 },
    });
    await api.update({ collection: "contacts", key: bob, data: { new_note: "seen" } });
    expect((await api.retrieve({ collection: "contacts", key: bob, select: ["new_note"] })).new_note, "seen");
  },
  createEntity: async () => {
    await api.createEntity({ data: { SchemaName: "new_Thing" } });
  },
  retrieveRelationships: async () => {
    await api.retrieveRelationships();
  },
  retrieveGlobalOptionSets: async () => {
    await api.retrieveGlobalOptionSets();
  },
  retrieveCsdlMetadata: async () => {
    await api.retrieveCsdlMetadata();
  },
  uploadFile: async () => {
    await api.uploadFile({ collection: "contacts", key: ada, property: "new_document", fileName: "x.txt", data: Buffer.from("x") });
  },
});

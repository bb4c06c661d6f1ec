// @azure/msal-node, Microsoft's sign-in for Node, at the emulator's sign-in.

import { ConfidentialClientApplication, PublicClientApplication } from "@azure/msal-node";
import { addresses, expect, run } from "./operations.js";

const dynamics = addresses.dynamics;
const auth = {
  clientId: dynamics.client_id,
  authority: dynamics.authority,
  knownAuthorities: [new URL(dynamics.authority).host],
};
const scopes = [`${dynamics.tls_url}/user_impersonation`];
const people = new PublicClientApplication({ auth });
let account;

async function isAdmitted(token) {
  const headers = { Authorization: `Bearer ${token}` };
  expect((await fetch(`${dynamics.url}/api/data/v9.2/WhoAmI`, { headers })).status, 200);
}

await run({
  acquireTokenByClientCredential: async () => {
    const client = new ConfidentialClientApplication({ auth: { ...auth, clientSecret: dynamics.client_secret } });
    const answer = await client.acquireTokenByClientCredential({ scopes: [`${dynamics.tls_url}/.default`] });
    await isAdmitted(answer.accessToken);
  },
  "acquireTokenByClientCredential, wrong secret": async () => {
    const client = new ConfidentialClientApplication({ auth: { ...auth, clientSecret: "wrong" } });
    const asked = client.acquireTokenByClientCredential({ scopes: [`${dynamics.tls_url}/.default`] });
    const error = await asked.then(() => new Error("was let in"), (refused) => refused);
    expect([error.errorCode, error.message.includes("AADSTS7000215")], ["invalid_client", true]);
  },
  acquireTokenByDeviceCode: async () => {
    const answer = await people.acquireTokenByDeviceCode({ scopes, deviceCodeCallback: () => {} });
    account = answer.account;
    expect(account.username, "admin@contoso.example");
    await isAdmitted(answer.accessToken);
  },
  "acquireTokenSilent, forceRefresh": async () => {
    const answer = await people.acquireTokenSilent({ scopes, account, forceRefresh: true });
    await isAdmitted(answer.accessToken);
  },
  "getAuthCodeUrl, acquireTokenByCode": async () => {
    const redirectUri = "http://localhost:8400";
    const url = await people.getAuthCodeUrl({ scopes, redirectUri });
    const sent = await fetch(url, { redirect: "manual" });
    const code = new URL(sent.headers.get("location")).searchParams.get("code");
    const answer = await people.acquireTokenByCode({ scopes, redirectUri, code });
    await isAdmitted(answer.accessToken);
  },
});

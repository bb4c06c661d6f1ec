// Tries operations one after the other and prints, as one JSON line, what each ended with: null, or its error as text.
// The addresses of the emulator, as `dynsync emulator --json` prints them, are the first argument.

export const addresses = JSON.parse(process.argv[2]);

export function expect(found, wanted) {
  const [left, right] = [found, wanted].map((value) => JSON.stringify(value));
  if (left !== right) throw new Error(`${left} is not ${right}`);
}

export async function run(operations) {
  const results = {};
  for (const [name, operation] of Object.entries(operations)) {
    try {
      await operation();
      results[name] = null;
    } catch (error) {
      results[name] = `${error.name}: ${error.message}`;
    }
  }
  console.log(JSON.stringify(results));
}

// What VS Code's own code makes of the configurations in homes: node vscode.mjs WORKBENCH HOME... prints an array of
// { found: { READER: what it would start or connect to }, errors: [what the schema of .vscode/mcp.json finds wrong] }.
import { existsSync, readFileSync } from 'node:fs';
import { webcrypto } from 'node:crypto';
import { join } from 'node:path';
import { parse } from 'acorn';
import Ajv from 'ajv';

const [workbench, ...homes] = process.argv.slice(2);
const bundle = readFileSync(workbench, 'utf8');

// The bundle as a whole needs a browser. Its definitions at the top do not: each is evaluated when something asks for it.
const definitions = new Map();
for (const node of parse(bundle, { ecmaVersion: 'latest', sourceType: 'module' }).body) {
  const call = node.expression?.type === 'CallExpression' ? node.expression : undefined;
  if (node.type === 'FunctionDeclaration') definitions.set(node.id.name, text(node));
  for (const one of node.declarations ?? []) if (one.init) definitions.set(one.id.name, text(one.init));
  // (members => { members.a = ... })(Name ||= {})
  if (call?.arguments[0]?.operator === '||=') definitions.set(call.arguments[0].left.name, `(own=>((${text(call.callee)})(own),own))({})`);
}

globalThis.crypto ??= webcrypto;
globalThis._VSCODE_NLS_MESSAGES = new Proxy([], { get: () => 'text' });
const values = new Map();
const scope = new Proxy({}, {
  has: (_, name) => definitions.has(name),
  get: (_, name) => {
    if (definitions.has(name) && !values.has(name)) values.set(name, new Function('scope', `with (scope) return (${definitions.get(name)})`)(scope));
    return values.get(name);
  },
});

const schema = [...bundle.matchAll(/\.registerSchema\(([\w$]+),([\w$]+)\)/g)].find(([, uri]) => scope[uri] === 'vscode://schemas/mcp')[2];
const { id, ...rules } = scope[schema];
const valid = new Ajv({ strict: false, allErrors: true, formats: { uri: URL.canParse } }).compile(rules);

const Uri = valueWith('static joinPath(');
const OwnReader = valueWith('fromWorkspaceFolderMcpServers(');
const Launch = valueWith('.fromServerConfiguration=');
const readers = ['claude-desktop', 'cursor-global', 'copilot'].map(source => new (valueWith(`this.discoverySource="${source}"`))(null));

console.log(JSON.stringify(await Promise.all(homes.map(async home => {
  const found = {};
  for (const reader of readers) {
    const file = reader.getFilePath({ homedir: Uri.file(home), platform: 2 }).fsPath;
    if (existsSync(file)) found[reader.discoverySource] = shown((await reader.adaptFile(readFileSync(file), { homedir: Uri.file(home) }))[0].launch);
  }

  const own = JSON.parse(readFileSync(join(home, '.vscode/mcp.json')));
  found.vscode = shown(Launch.fromServerConfiguration(OwnReader.prototype.fromWorkspaceFolderMcpServers(own).servers.moru));
  return { found, errors: valid(own) ? [] : valid.errors.map(error => `${error.instancePath} ${error.message}`) };
}))));

function text(node) { return bundle.slice(node.start, node.end); }

function valueWith(words) { return scope[[...definitions].find(([, definition]) => definition.includes(words))[0]]; }

function shown(launch) { return launch.uri ? { url: String(launch.uri), headers: Object.fromEntries(launch.headers) } : { command: launch.command, args: launch.args }; }

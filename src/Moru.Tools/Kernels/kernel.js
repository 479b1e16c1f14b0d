// Runs code given as lines of JSON on fd 4 and answers each with one on fd 3. Fds 1 and 2 are files, so that whatever the code and its
// children print can be read at any time; a run begins by taking out of them what an answer has shown.
(() => { // or its names would be those of the code
const fs = require('fs'), inspector = require('inspector'), net = require('net'), readline = require('readline'), util = require('util'), vm = require('vm');

const PRINTED = 8000, TEXT = 4000, LIMIT = 100000;
const printed = [1, 2].map(fd => fs.openSync(`/proc/self/fd/${fd}`, 'r+'));
let seen = [0, 0];

const hidden = (name, value) => Object.defineProperty(globalThis, name, { value, configurable: true });
let fail = () => {}, running = null;
// Of errors that nobody catches, those of the code that runs end it; the others are printed.
for (const event of ['uncaughtException', 'unhandledRejection'])
  process.on(event, error => running && String(error?.stack).includes(running + ':') ? fail(error) : fs.writeSync(2, describe(error) + '\n'));
process.on('SIGINT', () => fail(new Error('interrupted')));

const cut = text => text.length <= TEXT ? text : `${text.slice(0, TEXT / 2)}\n[... ${text.length - TEXT} characters cut ...]\n${text.slice(-TEXT / 2)}`;

// Rows as CSV, which costs a model half of a printed list of objects.
function table(rows) {
  const flat = value => value === null || typeof value !== 'object';
  if (!Array.isArray(rows) || rows.length < 2 || !rows.every(row => row && typeof row === 'object' && !Array.isArray(row) && Object.values(row).every(flat))) return null;
  const all = [...new Set(rows.flatMap(Object.keys))], columns = all.slice(0, 20);
  if (columns.length === 0) return null;
  const cell = value => value === undefined ? '' : /[",\n]/.test(String(value)) ? `"${String(value).replace(/"/g, '""')}"` : String(value);
  const lines = some => some.map(row => columns.map(column => cell(row[column])).join(','));
  const body = rows.length <= 20 ? lines(rows) : [...lines(rows.slice(0, 15)), '...', ...lines(rows.slice(-5))];
  return `${rows.length} rows x ${all.length} columns${all.length > 20 ? ', the first 20 shown' : ''}\n${[columns.map(cell).join(','), ...body].join('\n')}`;
}

const imageType = value => !Buffer.isBuffer(value) ? null
  : value.subarray(1, 4).toString('latin1') === 'PNG' ? 'image/png' : value[0] === 0xff && value[1] === 0xd8 ? 'image/jpeg' : null;

// A picture that is too large stays as a file, which read_file shows smaller.
function showImage(type, value, images) {
  if (value.length <= LIMIT) {
    images.push({ type, data: value.toString('base64') });
    return `${type}, ${value.length} bytes`;
  }
  const path = `/tmp/.moru/${process.pid}.picture.${type.slice(6)}`;
  fs.writeFileSync(path, value);
  return `${type}, ${value.length} bytes: look at it with read_file ${JSON.stringify({ path })}`;
}

const show = value => cut(table(value) ?? util.inspect(value, { depth: 4, maxArrayLength: 50, maxStringLength: 2000, breakLength: 120 }));

// V8's own REPL: declarations may be made again, and await stands outside of functions.
const session = new inspector.Session();
session.connect();
let held, hold, work;
hidden('moru', value => { held = value; });
session.post('Runtime.evaluate', { expression: 'moru' }, (_, { result }) => { hold = result.objectId; });
delete globalThis.moru;
hidden(Symbol.for('moru'), () => work());
const interruptible = new vm.Script('globalThis[Symbol.for("moru")]()', { filename: 'node:moru' });

function unwrap({ objectId, unserializableValue, value }) {
  session.post('Runtime.callFunctionOn', { objectId: hold, functionDeclaration: 'function (value) { this(value); }', arguments: [{ objectId, unserializableValue, value }] });
  return held;
}

// A promise is waited for, whether or not the code does.
const evaluate = (code, name) => new Promise((resolve, reject) => {
  fail = reject;
  work = () => session.post('Runtime.evaluate', { expression: `${prepare(code)}\n//# sourceURL=${name}`, replMode: true, awaitPromise: true, objectGroup: name }, (error, done) => {
    if (error) return reject(error);
    if (done.exceptionDetails) reject(locate(unwrap(done.exceptionDetails.exception), done.exceptionDetails, code, name));
    else resolve(unwrap(done.result));
    session.post('Runtime.releaseObjectGroup', { objectGroup: name });
  });
  interruptible.runInThisContext({ breakOnSigint: true, displayErrors: false });
});

// What V8's REPL lacks: import(), and declarations that may be made again as another kind, which those of the outermost level may as `var`.
// V8 itself tells what is code: `default` in place of import is an error there, but not in a string, in a comment or as the name of a method.
// And it tells the level: what stands before a declaration of the outermost is complete, and one character more in it is an error.
hidden('$mport', name => import(name));
function prepare(code) {
  if (!parses(code)) return code;
  code = code.replace(/(?<![.\w$])import(?=\s*\()/g, (word, at) => parses(`${code.slice(0, at)}default${code.slice(at + 6)}`) ? word : '$mport');
  const indent = /^[ \t]*(?=\S)/m.exec(code)?.[0], parts = [];
  const declaration = new RegExp(`(?<=^${indent}(?:\\S.*[;}][ \\t]*)?)(?:(?:const|let)(?=[\\s{[])|class\\s+([\\p{L}$_][\\p{L}\\p{N}$_]*))`, 'gmu');
  let taken = 0, from = 0;
  for (const { 0: word, 1: name, index } of code.matchAll(declaration)) {
    const before = code.slice(from, index);
    if (index < taken || !parses(before) || parses(`${before}@`)) continue;
    parts.push(code.slice(taken, index), name ? `var ${name} = ` : 'var'.padEnd(word.length));
    [from, taken] = [index, name ? index : index + word.length];
    if (!name) continue;
    let end = index; // of the class, behind which a line may begin with a bracket
    do end = code.indexOf('}', end) + 1; while (!parses(code.slice(index, end)));
    parts.push(code.slice(index, end), ';');
    from = taken = end;
  }
  return parts.join('') + code.slice(taken);
}

function parses(code) {
  try {
    return !!new vm.Script(`async () => {${code}\n}`);
  } catch {
    return false;
  }
}

// What cannot be compiled has no stack that says where.
function locate(error, { lineNumber, columnNumber }, code, name) {
  if (!(error instanceof SyntaxError) || error.stack.includes(name + ':')) return error;
  const lines = code.split('\n'), line = Math.min(lineNumber, lines.length - 1), column = line < lineNumber ? lines[line].length : columnNumber;
  error.stack = `${name}:${line + 1}\n${lines[line]}\n${' '.repeat(column)}^\n\n${error}`;
  return error;
}

function describe(error) {
  if (!util.types.isNativeError(error)) return cut(`Uncaught ${util.inspect(error)}`);
  return cut(String(error.stack ?? error).split('\n').filter(line => !/^    at (.*(node:|\[eval\])|new Promise|new Script)/.test(line)).join('\n'));
}

// Takes the first bytes out of a file to which others append.
function drop(file, count) {
  const part = Buffer.alloc(1 << 16);
  let at = 0;
  for (let size; (size = fs.readSync(file, part, 0, part.length, count + at)) > 0; at += size) fs.writeSync(file, part, 0, size, at);
  fs.ftruncateSync(file, at);
}

function read(file, size) {
  const bytes = Buffer.alloc(size);
  return bytes.toString('utf8', 0, fs.readSync(file, bytes, 0, size, 0));
}

async function run({ id, code, keep }) {
  const answer = { id, images: [] };
  printed.forEach((file, at) => { if (seen[at] > 0 && !keep) drop(file, seen[at]); });
  try {
    running = `code${id}.js`;
    const value = await evaluate(code, running);
    if (value !== undefined) {
      const type = imageType(value);
      answer.value = type ? showImage(type, value, answer.images) : show(value);
    }
  } catch (error) {
    answer.error = describe(error);
  }
  running = null;
  await new Promise(setImmediate); // what the code has left to fail
  seen = printed.map(file => fs.fstatSync(file).size);
  if (seen[0] + seen[1] <= PRINTED) [answer.stdout, answer.stderr] = printed.map((file, at) => read(file, seen[at]));
  return answer;
}

let last = { id: 0 };
// Code, or a wish to hear the last answer again, which may have been lost with the connection.
async function take(request) {
  last = request.code === undefined ? { ...last, repeat: request.repeat } : await run(request);
  return last;
}

let turn = Promise.resolve();
readline.createInterface({ input: new net.Socket({ fd: 4, readable: true, writable: false }) }).on('line', line => {
  turn = turn.then(async () => fs.writeSync(3, JSON.stringify(await take(JSON.parse(line))) + '\n'));
});
})();

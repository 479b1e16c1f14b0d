// Runs code given as lines of JSON on fd 4 and answers each with one on fd 3. Fds 1 and 2 are files, emptied before each run, so that
// whatever the code and its children print can be read at any time.
(() => { // or its names would be those of the code
const fs = require('fs'), repl = require('repl'), util = require('util'), vm = require('vm'), readline = require('readline');
const { PassThrough } = require('stream');

const PRINTED = 8000, TEXT = 4000, LIMIT = 100000;
// Only the REPL knows how to await outside of functions. It reports what is thrown to its domain instead of its callback.
const thrown = require('domain').create();
const session = repl.start({ prompt: '', input: new PassThrough(), output: new PassThrough().resume(), terminal: false, useGlobal: true, domain: thrown });
globalThis.require = require;
const report = error => console.error(error);
let fail = report;
thrown.removeAllListeners('error');
thrown.on('error', error => fail(error));
for (const event of ['uncaughtException', 'unhandledRejection']) process.removeAllListeners(event).on(event, error => fail(error));
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
// A promise is waited for, whether or not the code does.
const evaluate = (code, filename) => new Promise((resolve, reject) => {
  fail = reject;
  if (compiles(code, filename)) resolve(new vm.Script(code, { filename }).runInThisContext({ breakOnSigint: true, displayErrors: false }));
  else session.eval(code + '\n', session.context, filename, (error, value) => error ? reject(error) : resolve(value));
}).finally(() => { fail = report; });

function compiles(code, filename) {
  try {
    return !!new vm.Script(code, { filename });
  } catch (error) {
    if (!/\bawait\b/.test(code)) throw error;
    return false;
  }
}

// A model sends the same declarations again, which only var allows. What stands in strings and comments stays.
const quoted = /(`(?:\\[^]|[^`\\])*`|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\/\/.*|\/\*[^]*?\*\/)|^(?:const|let)(?=[\s{[])/gm;
const execute = (code, name) => evaluate(code.replace(quoted, (all, kept) => kept ?? 'var'), name);

function describe(error) {
  if (error instanceof repl.Recoverable) error = error.err;
  if (!util.types.isNativeError(error)) return cut(`Uncaught ${util.inspect(error)}`);
  return cut(String(error.stack ?? error).split('\n').filter(line => !/^    at (.*(node:|\[eval\])|new Promise|new Script)/.test(line)).join('\n'));
}

const file = fd => `/tmp/.moru/${process.pid}.${fd === 1 ? 'out' : 'err'}`;

async function run({ id, code }) {
  const answer = { id, images: [] };
  for (const fd of [1, 2]) fs.ftruncateSync(fd, 0);
  try {
    const value = await execute(code, `code${id}.js`);
    if (value !== undefined) {
      const type = imageType(value);
      answer.value = type ? showImage(type, value, answer.images) : show(value);
    }
  } catch (error) {
    answer.error = describe(error);
  }
  if (fs.fstatSync(1).size + fs.fstatSync(2).size <= PRINTED) {
    answer.stdout = fs.readFileSync(file(1), 'utf8');
    answer.stderr = fs.readFileSync(file(2), 'utf8');
  }
  return answer;
}

let turn = Promise.resolve();
readline.createInterface({ input: fs.createReadStream(null, { fd: 4 }) }).on('line', line => {
  turn = turn.then(async () => fs.writeSync(3, JSON.stringify(await run(JSON.parse(line))) + '\n'));
});
})();

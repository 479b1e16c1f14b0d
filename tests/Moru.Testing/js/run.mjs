// node run.mjs [URL]: runs the function body on stdin with the envd at URL, or with the server of the environment, and prints what it returns as JSON.
import { createRequire } from 'node:module'
import { text } from 'node:stream/consumers'
// Its ES module by name: the package's main is CommonJS, which before Node 20.19 cannot load its own dependencies.
import * as sdk from '@moru-ai/core/dist/index.mjs'

// That module builds templates with a require that only CommonJS has.
globalThis.require = createRequire(import.meta.url)

// Debug mode is the SDK's own way to reach one envd without a server.
const sandbox = process.argv[2] && await sdk.Sandbox.create({ debug: true, sandboxUrl: process.argv[2] })

// The name and the message of the error that the promise must end with.
const failure = promise => promise.then(
  value => { throw new Error(`no error but ${JSON.stringify(value)}`) },
  error => ({ error: error.name, message: error.message }))

const until = async condition => {
  for (const end = Date.now() + 20_000; !await condition(); await new Promise(tick => setTimeout(tick, 5)))
    if (Date.now() > end) throw new Error(`not within 20 s: ${condition}`)
}

const AsyncFunction = (async () => {}).constructor
const run = new AsyncFunction('sdk', 'sandbox', 'failure', 'until', await text(process.stdin))
process.stdout.write(JSON.stringify(await run(sdk, sandbox, failure, until) ?? null), () => process.exit(0))

// node build.mjs API_URL API_KEY FOLDER: builds templates of the files in FOLDER with the official SDK, and prints what it was told as JSON.
import { createRequire } from 'node:module'

// Its ES module asks for a require that only CommonJS has, and its CommonJS form cannot load its own dependencies before Node 20.19.
globalThis.require = createRequire(import.meta.url)
const sdk = await import('@moru-ai/core/dist/index.mjs')

const [, , apiUrl, apiKey, fileContextPath] = process.argv
// Builds do not listen to the option of that name.
process.env.MORU_API_URL = apiUrl
const logs = []
const options = alias => ({ alias, apiKey, cpuCount: 1, memoryMB: 512, onBuildLogs: entry => logs.push(entry.message) })

const template = sdk.Template({ fileContextPath })
  .fromBaseImage()
  .setEnvs({ GREETING: 'hello' })
  .setWorkdir('/srv/app')
  .copy('src/*.py', '.')
  .copy('data', '/srv/data')
  .runCmd('echo "$GREETING" > greeting')
  .setStartCmd('python3 -m http.server 8000', sdk.waitForPort(8000))
await sdk.Template.build(template, options('js-built'))

const failing = sdk.Template().fromTemplate('js-built').runCmd('true').runCmd('exit 5')
const error = await sdk.Template.build(failing, options('js-failed')).then(() => null, failure => ({ name: failure.name, message: failure.message }))
process.stdout.write(JSON.stringify({ logs, error }), () => process.exit(0))

// The official TypeScript clients of both generations: node clients.mjs GENERATION stdio|http TARGET [KEY]. Prints what they saw as JSON.
const [generation, kind, target, key] = process.argv.slice(2)
const root = generation === '1' ? '@modelcontextprotocol/sdk/client' : '@modelcontextprotocol/client'
const { Client } = await import(generation === '1' ? `${root}/index.js` : root)
const { StdioClientTransport } = await import(generation === '1' ? `${root}/stdio.js` : `${root}/stdio`)
const { StreamableHTTPClientTransport } = await import(generation === '1' ? `${root}/streamableHttp.js` : root)

const transport = kind === 'stdio'
  ? new StdioClientTransport({ command: target, env: process.env, stderr: 'ignore' })
  : new StreamableHTTPClientTransport(new URL(target), { requestInit: { headers: { Authorization: `Bearer ${key}` } } })
const client = new Client({ name: 'proof', version: '1' }, { capabilities: {} })
await client.connect(transport)

const tools = (await client.listTools()).tools.map(tool => tool.name)
const call = { name: 'run_command', arguments: { command: 'echo hello; sleep 12; echo slow' } }
const progress = []
// Silence of 12 s against a time limit of 11: only progress keeps the call alive.
const options = { timeout: 11000, resetTimeoutOnProgress: true, onprogress: one => progress.push(one.message) }
const result = generation === '1' ? await client.callTool(call, undefined, options) : await client.callTool(call, options)
const resources = (await client.listResources()).resources.map(resource => resource.uri)
const prompts = (await client.listPrompts()).prompts.map(prompt => prompt.name)
const file = await client.readResource({ uri: 'moru://sandboxes/session/files/etc/hostname' }).then(read => read.contents[0].mimeType, error => error.message)
await client.close()
console.log(JSON.stringify({ tools, stdout: result.structuredContent?.stdout, progress, resources, prompts, file }))
process.exit(0)

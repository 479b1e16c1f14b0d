// Resolves names below localhost to loopback, as RFC 6761 has it and not every resolver does.
const dns = require('node:dns')
const lookup = dns.lookup

dns.lookup = (name, options, callback) => {
  const answer = callback ?? options
  if (!name.endsWith('.localhost')) return lookup(name, options, answer)
  process.nextTick(() => options.all ? answer(null, [{ address: '127.0.0.1', family: 4 }]) : answer(null, '127.0.0.1', 4))
}

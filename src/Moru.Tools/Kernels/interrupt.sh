# Interrupts the process group of $kernel, as a terminal does. A child that ends by it takes with it what it has started, which may not have listened.
declare -A parent
for stat in /proc/[0-9]*/stat; do
  read -r line < "$stat" || continue
  line=${line##*) } line=${line#* }
  parent[${stat//[^0-9]/}]=${line%% *}
done 2>/dev/null
family() { local pid; for pid in "${!parent[@]}"; do if [ "${parent[$pid]}" = "$1" ]; then echo "$pid"; family "$pid"; fi; done; }
started=$(family "$kernel")
kill -INT -- "-$kernel"
for try in {1..20}; do
  left=
  for pid in $started; do
    [ -d "/proc/$pid" ] || continue
    if [ -d "/proc/${parent[$pid]}" ]; then left=yes; else kill -KILL "$pid"; fi
  done
  [ $left ] || break
  sleep 0.05
done

/** What the control group of a process says of who runs it. */
export interface Group {
  /** The container's id, as its runtime has it: mostly 64 hexadecimal digits; the name where the runtime knows no ids. */
  readonly container: string | null
  /** Uid of the Kubernetes pod. */
  readonly pod: string | null
  /** The innermost systemd unit that is no container. */
  readonly unit: string | null
}

/** Of longer paths the innermost part counts. */
const LONGEST = 4096

/**
 * docker, podman (libpod), containerd, cri-o: a directory or scope whose name is, or ends in, the 64 digits of the id.
 * Not conmon, which watches a container from outside.
 */
const ID = /(?:^|:|(?<!conmon)-)([0-9a-f]{64})(?:\.scope)?$/

/** ECS on Fargate: the id of the task and a number. */
const ECS_ID = /^([0-9a-f]{32}-\d{1,20})$/

/** LXC 4 and newer, LXD, Incus; not the monitor, which watches a container from outside. */
const LXC_NAME = /^lxc\.payload\.(.+)$/

/** A container of systemd-nspawn, or of libvirt, that systemd-machined registered; not a virtual machine. */
const MACHINE_NAME = /^machine-(?!qemu\\x2d)(.+)\.scope$/

/** The same that runs as a service, and what is inside of it. */
const NSPAWN_NAME = /^systemd-nspawn@(.+)\.service$/
const NSPAWN_INSIDE = 'payload'
const NSPAWN_OUTSIDE = 'supervisor'

/** Older runtimes have a directory of their own, and in it one for each container. */
const FOLDERS: ReadonlyMap<string, RegExp> = new Map([
  ['lxc', /^([^:]+)$/],
  ['lxc.payload', /^([^:]+)$/],
  ['garden', /^([0-9a-f-]{20,64})$/],
  ['mesos', /^([0-9a-f-]{36})$/],
])

/** What the kernel writes behind a group that was removed. */
const REMOVED = / \(deleted\)$/

/**
 * cgroupfs writes the uid with dashes, the systemd driver with underscores. That of a static pod is a checksum, without
 * either.
 */
const POD =
  /(?:^|-)pod([0-9a-f]{8}([-_])[0-9a-f]{4}\2[0-9a-f]{4}\2[0-9a-f]{4}\2[0-9a-f]{12}|[0-9a-f]{32})(?=$|\.slice|:)/

const UNIT = /^.+\.(?:service|scope)$/

/**
 * From /proc/PID/cgroup, one `number:controllers:path` a line (cgroups(7)). With version 1 the same path stands there
 * once for each controller; the line that says most counts.
 */
export function readGroup(text: string): Group {
  return groupOf(text.split('\n').map(line => line.split(':').slice(2).join(':').replace(REMOVED, '')))
}

/** From the paths of a process, one in each hierarchy. */
export function groupOf(paths: readonly string[]): Group {
  const groups = [...new Set(paths)].map(ofPath)
  return {
    container: groups.find(group => group.container !== null)?.container ?? null,
    pod: groups.find(group => group.pod !== null)?.pod ?? null,
    unit: groups.find(group => group.unit !== null)?.unit ?? null,
  }
}

/** The innermost of each kind, where containers run in containers. */
function ofPath(path: string): Group {
  const names = path.slice(-LONGEST).split('/')
  let container: string | null = null
  let pod: string | null = null
  let unit: string | null = null
  for (let i = names.length - 1; i >= 0; i--) {
    const name = names[i] ?? ''
    const id = containerOf(name, names[i - 1] ?? '', names[i + 1] ?? '')
    container ??= id
    pod ??= POD.exec(name)?.[1]?.replaceAll('_', '-') ?? null
    if ((id === null || NSPAWN_NAME.test(name)) && UNIT.test(name)) unit ??= name
  }
  return { container, pod, unit }
}

/** The container that a group by this name is, in one and with one inside; null: none. */
function containerOf(name: string, outer: string, inner: string): string | null {
  const found = ID.exec(name) ?? ECS_ID.exec(name) ?? LXC_NAME.exec(name) ?? FOLDERS.get(outer)?.exec(name)
  if (found) return found[1] ?? null
  if (inner === NSPAWN_OUTSIDE) return null
  const machine = MACHINE_NAME.exec(name) ?? (inner === NSPAWN_INSIDE ? NSPAWN_NAME.exec(name) : null)
  return machine?.[1] === undefined ? null : unescaped(machine[1])
}

/** systemd writes what a unit's name cannot hold as `\x2d`. */
function unescaped(name: string): string {
  return name.replace(/\\x([0-9a-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
}

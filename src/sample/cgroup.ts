/** What the control group of a process says of who runs it. */
export interface Group {
  /** The container's id, 64 hexadecimal digits. */
  readonly container: string | null
  /** Uid of the Kubernetes pod. */
  readonly pod: string | null
  /** The innermost systemd unit that is no container. */
  readonly unit: string | null
}

/**
 * docker, podman (libpod), containerd, cri-o: a directory or scope whose name is, or ends in, the 64 digits of the id.
 * Not conmon, which watches a container from outside.
 */
const CONTAINER = /(?:^|[/:]|(?<!conmon)-)([0-9a-f]{64})(?:\.scope)?(?=\/|$)/g

/** What the kernel writes behind a group that was removed. */
const REMOVED = / \(deleted\)$/

/** cgroupfs writes the uid with dashes, the systemd driver with underscores. */
const POD = /pod([0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12})/

const UNIT = /\/([^/]+\.(?:service|scope))(?=\/|$)/g

/**
 * From /proc/PID/cgroup, one `number:controllers:path` a line (cgroups(7)). With version 1 the same path stands there
 * once for each controller; the line that says most counts.
 */
export function readGroup(text: string): Group {
  const paths = text.split('\n').map(line => line.split(':').slice(2).join(':').replace(REMOVED, ''))
  const groups = paths.map(ofPath)
  return {
    container: groups.find(group => group.container !== null)?.container ?? null,
    pod: groups.find(group => group.pod !== null)?.pod ?? null,
    unit: groups.find(group => group.unit !== null)?.unit ?? null,
  }
}

function ofPath(path: string): Group {
  const units = [...path.matchAll(UNIT)].map(match => match[1] ?? '').filter(unit => !isContainer(unit))
  return {
    // the innermost, where containers run in containers
    container: [...path.matchAll(CONTAINER)].at(-1)?.[1] ?? null,
    pod: POD.exec(path)?.[1]?.replaceAll('_', '-') ?? null,
    unit: units.at(-1) ?? null,
  }
}

function isContainer(unit: string): boolean {
  return [...unit.matchAll(CONTAINER)].length > 0
}

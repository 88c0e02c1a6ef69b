# SPDX-License-Identifier: Apache-2.0
"""Print what a Linux memory dump says of a hang, as one JSON object.

Arguments: the dump, the vmlinux of the kernel in it with debug information, and
the directory of its modules with theirs, or nothing. drgn reads them. Exit codes: 3 if drgn is missing, 4 if it cannot open the files;
then one line on standard error says why.

What a kernel does not have, or has in a shape unknown here, is left out, and
"problems" says so: a dump that tells half is better than none.
"""
import sys

sys.path = [p for p in sys.path if p]  # the directory that it is run in may hold anything

import json
import os

try:
    import drgn
    from drgn.helpers.linux.list import list_for_each_entry
    from drgn.helpers.linux.percpu import per_cpu
    from drgn.helpers.linux.cpumask import for_each_online_cpu
    from drgn.helpers.linux.pid import for_each_task
    from drgn.helpers.linux.sched import task_state_to_char
except ImportError as err:
    print(err, file=sys.stderr)
    sys.exit(3)

MOST_TASKS = 16384
MOST_FRAMES = 128
MOST_RPCS = 4096
MOST_LAYOUTS = 256

problems = []
unknown_modules = []  # without debug information


def text(value):
    return value.decode("utf-8", "replace")


def field(struct, *names):
    """The first member of that name that the kernel has, or None."""
    for name in names:
        if struct.type_.kind == drgn.TypeKind.POINTER:
            has = struct.type_.type.has_member(name)
        else:
            has = struct.type_.has_member(name)
        if has:
            return getattr(struct, name)
    return None


def symbol(prog, address):
    try:
        return prog.symbol(address).name
    except LookupError:
        return hex(address)


def stack_of(trace):
    """The entries of a stack as /proc prints them, without inlined functions."""
    entries = []
    for frame in trace:
        if frame.is_inline or len(entries) == MOST_FRAMES or frame.pc < 1 << 63:  # below are user space's
            continue
        try:
            sym = frame.symbol()
            entries.append("%s+%#x/%#x" % (sym.name, frame.pc - sym.address, sym.size))
        except LookupError:
            entries.append(hex(frame.pc))
    return entries


# Functions that sleep for a lock, and the names that the pointer to it has in them.
LOCKERS = {
    "mutex_lock": "lock", "mutex_lock_nested": "lock", "__mutex_lock": "lock", "__mutex_lock_common": "lock", "__mutex_lock_slowpath": "lock",
    "mutex_lock_killable": "lock", "__mutex_lock_killable_slowpath": "lock", "mutex_lock_interruptible": "lock", "__mutex_lock_interruptible_slowpath": "lock",
    "rwsem_down_write_slowpath": "sem", "rwsem_down_read_slowpath": "sem", "__down_write": "sem", "__down_write_common": "sem", "__down_read": "sem",
    "__down_read_common": "sem", "down_write": "sem", "down_read": "sem", "down_write_killable": "sem", "down_read_killable": "sem",
}

# Low bits of a lock's word for its owner: of a mutex three flags, of an rw-semaphore that readers have it and that waiters do not spin.
OWNER_FLAGS = 7
READER_OWNED = 1


def lock_of(trace):
    """The mutex or rw-semaphore that a task sleeps for, or None."""
    for frame in trace:
        name = (frame.name or "").split(".")[0]  # compilers add suffixes
        if name not in LOCKERS:
            continue
        try:
            lock = frame[LOCKERS[name]]
            if not lock.absent_ and lock.value_():
                return lock
        except (KeyError, LookupError, ValueError, drgn.FaultError):
            continue  # optimised out: the caller may still have it
    return None


def lock_waited_for(prog, pid, trace):
    """Who sleeps for a mutex or rw-semaphore, and its owner if that is known; None for other sleeps."""
    try:
        lock = lock_of(trace)
        if lock is None:
            return None
        word = lock.owner.counter.value_()
    except (ValueError, LookupError, AttributeError, drgn.FaultError) as err:
        problems.append("lock of %d: %s" % (pid, err))
        return None
    found = {"pid": pid}
    owner = word & ((1 << 64) - 1) & ~OWNER_FLAGS
    readers = lock.type_.type.tag == "rw_semaphore" and word & READER_OWNED
    if owner and not readers:
        try:
            holder = drgn.Object(prog, "struct task_struct *", owner)
            found["owner"], found["comm"] = holder.pid.value_(), text(holder.comm.string_())
        except drgn.FaultError as err:
            problems.append("owner of a lock: %s" % err)
    return found


def tasks_of(prog):
    clocks = []
    for cpu in for_each_online_cpu(prog):
        clocks.append(per_cpu(prog["runqueues"], cpu).clock.value_())
    now = max(clocks, default=0)
    out, locks = [], []
    for task in for_each_task(prog):
        if len(out) == MOST_TASKS:
            problems.append("more than %d tasks" % MOST_TASKS)
            break
        t = {"pid": task.pid.value_(), "comm": text(task.comm.string_()), "state": task_state_to_char(task), "stack": []}
        try:
            info = field(task, "sched_info")
            if info is not None and now:
                t["ran"] = max(0, now - info.last_arrival.value_()) / 1e9
            trace = prog.stack_trace(task)
            t["stack"] = stack_of(trace)
            lock = lock_waited_for(prog, t["pid"], trace) if t["state"] == "D" else None
            if lock is not None:
                locks.append(lock)
        except (ValueError, LookupError, drgn.FaultError) as err:
            if t["state"] == "D":
                problems.append("stack of %d: %s" % (t["pid"], err))
        out.append(t)
    return out, locks


def net_generic(prog, name, type_name):
    """What a subsystem keeps of the first network namespace."""
    number = prog[name].value_()
    slot = prog["init_net"].gen.ptr[number]
    return drgn.cast(type_name + " *", slot)


def rpc_of(prog, clnt, task, now):
    proc = task.tk_msg.rpc_proc
    left = 0
    timeout = task.tk_timeout.value_()
    if timeout and timeout > now:
        left = timeout - now
    queue = ""
    if task.tk_runstate.value_() & 2:  # RPC_TASK_QUEUED
        name = field(task.tk_waitqueue, "name")
        queue = text(name.string_()) if name is not None and name.value_() else "unknown"
    rqst = task.tk_rqstp
    clid = field(clnt, "cl_clid")
    return {
        "number": task.tk_pid.value_(), "flags": task.tk_flags.value_(), "status": task.tk_status.value_(),
        "client": clid.value_() if clid is not None else 0,
        "xid": int.from_bytes(rqst.rq_xid.value_().to_bytes(4, "little"), "big") if rqst.value_() else 0,
        "timer": left, "ops": symbol(prog, task.tk_ops.value_()), "program": text(clnt.cl_program.name.string_()),
        "version": clnt.cl_vers.value_(), "procedure": text(proc.p_name.string_()) if proc.value_() else "none",
        "action": symbol(prog, task.tk_action.value_()) if task.tk_action.value_() else "none", "queue": queue,
    }


def rpcs_of(prog):
    rpcs, xprts = [], {}
    now = prog["jiffies_64"].value_()
    sunrpc = net_generic(prog, "sunrpc_net_id", "struct sunrpc_net")
    for clnt in list_for_each_entry("struct rpc_clnt", sunrpc.all_clients.address_of_(), "cl_clients"):
        for task in list_for_each_entry("struct rpc_task", clnt.cl_tasks.address_of_(), "tk_task"):
            if len(rpcs) == MOST_RPCS:
                problems.append("more than %d RPCs" % MOST_RPCS)
                break
            rpcs.append(rpc_of(prog, clnt, task, now))
        xprt = clnt.cl_xprt
        shown = [text(xprt.address_strings[i].string_()) if xprt.address_strings[i].value_() else "" for i in (5, 0, 1)]
        xprts[xprt.value_()] = {"netid": shown[0], "addr": shown[1], "port": shown[2], "state": xprt.state.value_()}
    return rpcs, list(xprts.values())


def layouts_of(prog):
    out = []
    nfs = net_generic(prog, "nfs_net_id", "struct nfs_net")
    bits = []
    for name in ("NFS_LAYOUT_RO_FAILED", "NFS_LAYOUT_RW_FAILED", "NFS_LAYOUT_BULK_RECALL", "NFS_LAYOUT_RETURN", "NFS_LAYOUT_RETURN_LOCK",
                 "NFS_LAYOUT_RETURN_REQUESTED", "NFS_LAYOUT_INVALID_STID", "NFS_LAYOUT_FIRST_LAYOUTGET", "NFS_LAYOUT_INODE_FREEING",
                 "NFS_LAYOUT_HASHED", "NFS_LAYOUT_DRAIN"):
        try:
            bits.append((name, prog.constant(name).value_()))
        except LookupError:
            pass
    for client in list_for_each_entry("struct nfs_client", nfs.nfs_client_list.address_of_(), "cl_share_link"):
        for server in list_for_each_entry("struct nfs_server", client.cl_superblocks.address_of_(), "client_link"):
            for header in list_for_each_entry("struct pnfs_layout_hdr", server.layouts.address_of_(), "plh_layouts"):
                if len(out) == MOST_LAYOUTS:
                    return out
                flags = header.plh_flags.value_()
                gets = field(header, "plh_outstanding")
                inode = header.plh_inode
                out.append({
                    "inode": inode.i_ino.value_() if inode.value_() else 0,
                    "references": header.plh_refcount.refs.counter.value_(),
                    "outstanding": gets.counter.value_() if gets is not None else 0,
                    "blocked": header.plh_block_lgets.value_(),
                    "flags": [name for name, bit in bits if flags & (1 << bit)],
                })
    return out


def load_modules(prog, directory):
    """Load the debug information of the modules that the kernel had, as far as it is there."""
    files = {}
    for path, _, names in os.walk(directory):
        for name in names:
            stem, _, suffix = name.partition(".ko")
            if suffix in ("", ".debug") and stem != name:
                files[stem.replace("-", "_")] = os.path.join(path, name)
    for module in list_for_each_entry("struct module", prog["modules"].address_of_(), "list"):
        name = text(module.name.string_())
        try:
            prog.load_debug_info([files[name]])
        except (KeyError, drgn.MissingDebugInfoError, OSError, ValueError):
            unknown_modules.append(name)


def main():
    if len(sys.argv) not in (3, 4):
        print("want the dump, its vmlinux, and the directory of its modules", file=sys.stderr)
        sys.exit(4)
    prog = drgn.Program()
    try:
        prog.set_core_dump(sys.argv[1])
        prog.load_debug_info([sys.argv[2]])
        release = text(prog["init_uts_ns"].name.release.string_())
    except Exception as err:  # whatever drgn makes of damaged files
        print(str(err).split("\n")[0], file=sys.stderr)
        sys.exit(4)
    out = {"drgn": drgn.__version__, "release": release}

    def part(what, read):
        try:
            return read(prog)
        except Exception as err:  # one part that cannot be read leaves the others
            problems.append("%s: %s: %s" % (what, type(err).__name__, err))
            return None

    part("modules", lambda prog: load_modules(prog, sys.argv[3] if len(sys.argv) == 4 else ""))
    out["tasks"], out["locks"] = part("tasks", tasks_of) or ([], [])
    if unknown_modules and any(e.startswith("0x") for t in out["tasks"] if t["state"] == "D" for e in t["stack"]):
        problems.append("names of functions of the modules " + " ".join(sorted(unknown_modules)) + ": no debug information of them was found")
    found = part("RPCs", rpcs_of)
    if found is not None:
        out["rpcs"], out["transports"] = found
    out["layouts"] = part("layouts", layouts_of) or []
    out["problems"] = [p[:200] for p in problems[:64]]
    json.dump(out, sys.stdout)


main()

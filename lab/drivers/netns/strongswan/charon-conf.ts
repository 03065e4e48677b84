/**
 * strongswan.conf of a node. `settings` are more lines of its `charon` section. ESP is libipsec's, through a TUN device
 * `ipsec0`, since a kernel need not have any; nothing is written outside of the node's own /run.
 */
export function charonConf(settings: string): string {
  return `charon {
  load_modular = yes
  ${settings.replaceAll('\n', '\n  ')}
  plugins {
    include /etc/strongswan.d/charon/*.conf
    kernel-libipsec {
      load = yes
    }
    bypass-lan {
      load = no
    }
    # It would write the machine's /etc/resolv.conf.
    resolve {
      load = no
    }
    stroke {
      load = no
    }
  }
  filelog {
    main {
      path = /run/charon.log
      flush_line = yes
      default = 1
    }
  }
}
`;
}

/** strongswan.conf of swanctl itself, as a user on the node calls it. */
export function swanctlClientConf(socket: string): string {
  return `swanctl {
  socket = unix://${socket}
}
`;
}

"""Pages of the findings 2xx: networks, adapters and addresses."""

from nodeagent.config.pages.page import Page

PAGES: dict[str, Page] = {
    "E201": Page(
        "An address is on a network whose subnet it is not in.",
        "Correct the address, or the network that it names.",
        '[group.web.resource.address]\naddress = "10.10.9.100"',
    ),
    "E202": Page(
        "Two adapters, or an adapter and a service address, have the same address.",
        "Give one of them another address of the subnet.",
        '[group.web.resource.address]\naddress = "10.10.1.11"',
    ),
    "E203": Page(
        "The address is the first or the last of its subnet: that of the network or the broadcast.",
        "Use an address between the two.",
        '[group.web.resource.address]\naddress = "10.10.1.255"',
    ),
    "E204": Page(
        "Two networks share addresses: one subnet lies inside the other, or they are the same.",
        "Correct the subnet, or make one network of the two if they are one cable.",
        '[network.public2]\nkind = "public"\nsubnet = "10.10.0.0/16"',
    ),
    "E205": Page(
        "None of the nodes of the group has an adapter on the network of the service address.",
        "Give a node an adapter there, or put the address on a network that the nodes have.",
        '[network.public2]\nkind = "public"\nsubnet = "10.20.0.0/24"\n'
        '[group.web.resource.address]\nnetwork = "public2"\naddress = "10.20.0.100"',
    ),
    "W206": Page(
        "Some of the group's nodes have no adapter on the network of its service address.",
        "Give them an adapter there, or take them out of the group's nodes.",
        '[node.bravo]\nadapter.eth0 = { network = "private1", role = "private", '
        'address = "192.168.50.22" }',
    ),
    "E207": Page(
        "The address is for many hosts or for none: multicast, loopback, or 0.0.0.0.",
        "Use an address of one host in the network's subnet.",
        '[group.web.resource.address]\naddress = "224.0.0.5"',
    ),
    "E208": Page(
        "A node has no adapter at all.",
        "Add adapter.NAME = { network, role, address } for each network that it is on.",
        '[node.delta]\nkey = "4TTe1xOaG*}R5(=!DgpRz%V3&0pmk]>JbB:[-0Ze"',
    ),
    "W209": Page(
        "A node is heard over one network only.",
        "Give it an adapter on a second network, best on cables and switches of its own.",
        "[node.charlie]\n# no adapter.eth1",
    ),
    "W210": Page(
        "No network is for the nodes alone.",
        "Add a private or point-to-point network between the nodes, with an adapter of each.",
        '[network.private1]\nkind = "public"',
    ),
    "N211": Page(
        "A network is defined and nobody uses it.",
        "Remove it, or give the nodes adapters on it.",
        '[network.spare]\nkind = "public"\nsubnet = "10.30.0.0/24"',
    ),
    "W212": Page(
        "A private adapter is on a public network, or a service adapter on a private one.",
        "Change the adapter's role, or its network.",
        '[node.charlie]\nadapter.eth0 = { network = "public1", role = "private", '
        'address = "10.10.1.13" }',
    ),
    "E213": Page(
        "More than two nodes have an adapter on a point-to-point network.",
        'Use kind = "private" for a network with a switch.',
        '[network.private1]\nkind = "point-to-point"',
    ),
    "W214": Page(
        "A service address is on a network that is for the nodes alone.",
        "Put the address on the public network of its clients.",
        '[group.web.resource.address]\nnetwork = "private1"\naddress = "192.168.50.100"',
    ),
    "E215": Page(
        "Two nodes have no network on which both have an adapter.",
        "Give both an adapter on one network.",
        '[network.public2]\nkind = "public"\nsubnet = "10.20.0.0/24"\n'
        '[node.charlie]\nadapter.eth0 = { network = "public2", role = "service", '
        'address = "10.20.0.13" }\n# no adapter.eth1',
    ),
}

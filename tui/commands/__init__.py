"""The commands of `amlkeys`, one thin module a group: flags in, a call, text or JSON out."""

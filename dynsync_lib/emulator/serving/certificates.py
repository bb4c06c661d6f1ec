"""Makes the certificates of one run: the server's own, and one that a client may sign in with instead of a secret.

Facts
    * `ca.pem` is the authority that clients trust, `server.pem` key and certificate of the TLS listener.
    * `client.pem` holds a private key and its certificate; the sign-in knows the certificate.

Where it is used: `emulator.serving.emulator`.
"""

from __future__ import annotations

from pathlib import Path

import trustme

from dynsync_lib.folders.private_files import private_files


def make_certificates(folder: Path, *, host: str) -> bytes:
    """Writes the three files into the folder, valid for this host, and gives the client's certificate as PEM text."""
    authority = trustme.CA()
    server = authority.issue_cert(host, "localhost")
    client = trustme.CA().issue_cert(common_name="dynsync", key_type=trustme.KeyType.RSA)  # which signs in by RSA
    certificate = client.cert_chain_pems[0].bytes()
    with private_files():
        authority.cert_pem.write_to_path(str(folder / "ca.pem"))
        server.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
        (folder / "client.pem").write_bytes(client.private_key_pem.bytes() + certificate)
    return certificate

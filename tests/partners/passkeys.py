"""A passkey in software, which answers as a device does: with its owner's PIN asked for or not."""

import hashlib
import json
import os
from typing import Any

from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from django.test import Client
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

from partners.models import Staff

HOST = "testserver"
HERE = hashlib.sha256(HOST.encode()).digest()
PRESENT, VERIFIED, ATTESTED = 1, 4, 64


class Passkey:
    """A passkey that this person has added already."""

    def __init__(self, staff: Staff) -> None:
        self.staff = staff
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = os.urandom(16)
        public = ES256.from_cryptography_key(self.key.public_key())
        held = AttestedCredentialData.create(b"\0" * 16, self.id, public)
        about = AuthenticatorData.create(HERE, PRESENT | VERIFIED | ATTESTED, 0, held)
        answer = {
            "clientDataJSON": websafe_encode(CollectedClientData.create("webauthn.create", b"", f"https://{HOST}")),
            "attestationObject": websafe_encode(AttestationObject.create("none", about, {})),
        }
        self.row = Authenticator.objects.create(
            user=staff,
            type=Authenticator.Type.WEBAUTHN,
            data={"name": "Laptop", "credential": self._credential(answer)},
        )

    def answer(self, client: Client, *, verified: bool) -> str:
        """What it answers to what the page of this browser asked last; `verified`: its PIN was asked for."""
        challenge = client.session["mfa.webauthn.state"]["challenge"]
        said = CollectedClientData.create("webauthn.get", challenge, f"https://{HOST}")
        about = AuthenticatorData.create(HERE, PRESENT | (VERIFIED if verified else 0), 1)
        signature = self.key.sign(about + hashlib.sha256(said).digest(), ec.ECDSA(SHA256()))
        answer = {
            "clientDataJSON": websafe_encode(said),
            "authenticatorData": websafe_encode(about),
            "signature": websafe_encode(signature),
            "userHandle": websafe_encode(str(self.staff.pk).encode()),
        }
        return json.dumps(self._credential(answer))

    def _credential(self, answer: dict[str, str]) -> dict[str, Any]:
        name = websafe_encode(self.id)
        return {"id": name, "rawId": name, "type": "public-key", "response": answer, "clientExtensionResults": {}}

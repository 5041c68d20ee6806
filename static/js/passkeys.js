// Ties the buttons for passkeys to allauth's scripts; browsers give passkeys to scripts alone.
(() => {
  const forms = window.allauth.webauthn.forms;
  const ties = { add: forms.addForm, authenticate: forms.authenticateForm, login: forms.loginForm };

  document.querySelectorAll("[data-passkey]").forEach((button) => {
    if (!window.PublicKeyCredential) return;
    const kind = button.dataset.passkey;
    const ids = { [kind]: button.id, credential: button.form.elements.credential.id };
    if (document.getElementById("passkey-data")) ids.data = "passkey-data";
    if (button.form.elements.passwordless) ids.passwordless = button.form.elements.passwordless.id;
    ties[kind]({ ids });
    button.hidden = false;
    document.querySelectorAll("[data-without-passkeys]").forEach((words) => { words.hidden = true; });
  });

  // The person cancelled, the device has none, or it took too long: the page says so.
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    document.querySelectorAll("[data-passkey-problem]").forEach((words) => { words.hidden = false; });
  });
})();

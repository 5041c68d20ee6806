// Shows the description of the API.
const place = document.getElementById("description");
window.SwaggerUIBundle({ domNode: place, url: place.dataset.url, deepLinking: true });

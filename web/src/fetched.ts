/** Files that belong to the page. */

/** Rejects with words for the person where it cannot be had. */
export async function fetched(address: string | URL): Promise<Response> {
    let response: Response;
    try {
        response = await fetch(address);
    } catch (error) {
        throw new Error(`${address} could not be fetched: is there a connection?`, { cause: error });
    }
    if (!response.ok) {
        throw new Error(`${address} could not be fetched: ${response.status} ${response.statusText}`);
    }
    return response;
}

export const fetchText = async (address: string | URL): Promise<string> => (await fetched(address)).text();

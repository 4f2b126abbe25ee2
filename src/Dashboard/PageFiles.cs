using System.Collections.Frozen;
using System.Reflection;
using Microsoft.AspNetCore.Http;

namespace FastStream.Dashboard;

/// <summary>
/// The page's files, embedded in the assembly: a fixed list of names, so that no request can reach another file.
/// </summary>
internal static class PageFiles
{
    private const string Prefix = "Page/";

    private static readonly FrozenDictionary<string, string> Types = new Dictionary<string, string>
    {
        [".html"] = "text/html; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".svg"] = "image/svg+xml",
        [".txt"] = "text/plain; charset=utf-8",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, byte[]> Files = Read();

    public static async Task SendAsync(HttpContext http, string name)
    {
        if (!Files.TryGetValue(name, out byte[]? bytes))
        {
            await Answers.ErrorAsync(http, StatusCodes.Status404NotFound, "The dashboard has no such page.").ConfigureAwait(false);
            return;
        }

        http.Response.ContentType = Types[Path.GetExtension(name)];
        http.Response.ContentLength = bytes.Length;
        http.Response.Headers.CacheControl = "no-cache";
        await http.Response.Body.WriteAsync(bytes, http.RequestAborted).ConfigureAwait(false);
    }

    private static FrozenDictionary<string, byte[]> Read()
    {
        Assembly assembly = typeof(PageFiles).Assembly;
        var files = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (string resource in assembly.GetManifestResourceNames()
            .Where(resource => resource.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            using Stream stream = assembly.GetManifestResourceStream(resource)!;
            using var bytes = new MemoryStream();
            stream.CopyTo(bytes);
            files.Add(resource[Prefix.Length..].Replace('\\', '/'), bytes.ToArray());
        }

        return files.ToFrozenDictionary(StringComparer.Ordinal);
    }
}

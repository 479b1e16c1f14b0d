namespace Moru.Server.Tests;

public sealed class RefusedCreates(SharedServer shared) : IClassFixture<SharedServer>
{
    [Theory]
    [InlineData("""{"timeout":60}""", "templateID")]
    [InlineData("""{"templateID":null}""", "templateID")]
    [InlineData("""{"templateID":""}""", "no valid name")]
    [InlineData("""{"templateID":"a b"}""", "no valid name")]
    [InlineData("""{"templateID":"base","timeout":-1}""", "timeout")]
    [InlineData("""{"templateID":"base","timeout":2147483648}""", "timeout")]
    [InlineData("""{"templateID":"base","timeout":1.5}""", "timeout")]
    [InlineData("""{"templateID":"base","timeout":null}""", "timeout")]
    [InlineData("""{"templateID":"base","timeout":1,"timeout":2}""", "timeout")]
    [InlineData("""{"templateID":"base","secure":null}""", "secure")]
    [InlineData("""{"templateID":"base","secure":"true"}""", "secure")]
    [InlineData("""{"templateID":"base","autoPause":null}""", "autoPause")]
    [InlineData("""{"templateID":"base","allow_internet_access":null}""", "allow_internet_access")]
    [InlineData("""{"templateID":"base","metadata":null}""", "metadata")]
    [InlineData("""{"templateID":"base","metadata":{"a":1}}""", "metadata")]
    [InlineData("""{"templateID":"base","envVars":null}""", "envVars")]
    [InlineData("""{"templateID":"base","envVars":{"a":null}}""", "envVars")]
    [InlineData("""{"templateID":"base","envVars":{"a=b":"c"}}""", "envVars")]
    [InlineData("""{"templateID":"base","network":null}""", "network")]
    [InlineData("""{"templateID":"base","network":{"allowOut":null}}""", "allowOut")]
    [InlineData("""{"templateID":"base","network":{"denyOut":[null]}}""", "denyOut")]
    [InlineData("""{"templateID":"base","volumeId":null}""", "volumeId")]
    public Task What_the_schema_forbids_is_refused_with_the_member_at_fault(string body, string says) => RefusedAsync(body, 400, says);

    [Theory]
    [InlineData("\"denyOut\":[\"example.com\"]", "invalid denied CIDR 'example.com'")]
    [InlineData("\"denyOut\":[\"1.2.3.400\"]", "invalid denied CIDR")]
    [InlineData("\"denyOut\":[\"1.2.3.4/33\"]", "invalid denied CIDR")]
    [InlineData("\"allowOut\":[\"http://x.test\"]", "invalid allowed address")]
    [InlineData("\"allowOut\":[\"example.com\"]", "deny '0.0.0.0/0' as well")]
    [InlineData("\"allowOut\":[\"*.example.com\"],\"denyOut\":[\"10.0.0.0/8\"]", "deny '0.0.0.0/0' as well")]
    [InlineData("\"allowPublicTraffic\":false", "needs secure true")]
    [InlineData("\"maskRequestHost\":\"-https://abcd\"", "mask request host")]
    [InlineData("\"maskRequestHost\":\"\"", "mask request host")]
    [InlineData("\"maskRequestHost\":\"hä.test\"", "mask request host")]
    [InlineData("\"maskRequestHost\":\"a.test:port\"", "mask request host")]
    [InlineData("\"maskRequestHost\":\"a.test\\r\\nX: y\"", "mask request host")]
    public Task A_malformed_network_rule_is_refused(string rule, string says) =>
        RefusedAsync("""{"templateID":"base","network":{""" + rule + "}}", 400, says);

    [Theory]
    [InlineData("\"network\":{\"denyOut\":[\"1.2.3.4\"]}")]
    [InlineData("\"network\":{\"allowOut\":[\"1.2.3.4\"]}")]
    [InlineData("\"network\":{\"allowOut\":[\"1.2.3.0/24\"],\"denyOut\":[\"0.0.0.0/0\"]}")]
    [InlineData("\"network\":{\"allowOut\":[\"*.example.com\",\"*\"],\"denyOut\":[\"0.0.0.0/0\"]}")]
    [InlineData("\"allow_internet_access\":false,\"network\":{\"allowOut\":[\"1.2.3.4\"]}")]
    public Task A_rule_that_cannot_be_enforced_is_refused_and_not_forgotten(string members) =>
        RefusedAsync($$"""{"templateID":"base",{{members}}}""", 400, "cannot enforce");

    [Theory]
    [InlineData("\"volumeId\":\"vol_x\"", 400, "volumeMountPath")]
    [InlineData("\"volumeId\":\"vol_x\",\"volumeMountPath\":\"\"", 400, "volumeMountPath")]
    [InlineData("\"volumeId\":\"vol_x\",\"volumeMountPath\":\"data\"", 400, "absolute")]
    [InlineData("\"volumeId\":\"vol_x\",\"volumeMountPath\":\"/data/\"", 400, "empty part")]
    [InlineData("\"volumeId\":\"vol_x\",\"volumeMountPath\":\"/data/./x\"", 400, "'.'")]
    [InlineData("\"volumeId\":\"vol_x\",\"volumeMountPath\":\"/data/../etc\"", 400, "'..'")]
    [InlineData("\"volumeId\":\"vol_x\",\"volumeMountPath\":\"/etc\"", 400, "outside")]
    [InlineData("\"volumeId\":\"vol_x\",\"volumeMountPath\":\"/workspaces\"", 400, "outside")]
    [InlineData("\"volumeId\":\"vol_x\",\"volumeMountPath\":\"/workspace\"", 404, "Volume not found")]
    [InlineData("\"volumeId\":\"vol_x\",\"volumeMountPath\":\"/mnt/a/b\"", 404, "Volume not found")]
    public Task A_volume_needs_a_path_that_is_allowed_and_must_exist(string members, int status, string says) =>
        RefusedAsync($$"""{"templateID":"base",{{members}}}""", status, says);

    [Fact]
    public async Task A_mount_path_without_a_volume_means_nothing()
    {
        var id = await shared.Server.CreateAsync("\"volumeMountPath\":\"/etc\"");

        Assert.Equal(204, (await shared.Server.DeleteAsync($"/sandboxes/{id}")).Status);
    }

    private async Task RefusedAsync(string body, int status, string says) => (await shared.Server.PostAsync("/sandboxes", body)).Fails(status, says);
}
